"""The model card: true, complete, and of no use to those who look for paths, names and texts of others."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard

from tests.hub.finished_runs import REPORT, finished_run
from textcl.errors import DataError, ModelError
from textcl.hub.card import render_card


def row_of(card: str, *starts: str) -> list[str]:
    """The cells of the one row of a table that begins with these cells."""
    begin = "| " + " | ".join(starts) + " |"
    (line,) = [line for line in card.splitlines() if line.startswith(begin)]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_scores_stand_with_their_intervals_as_the_report_has_them(tmp_path: Path) -> None:
    card = render_card(finished_run(tmp_path, report=REPORT), "me/mine")
    assert row_of(card, "faq", "ndcg@10")[2:] == [
        "40.00 [35.00 … 45.00]", "51.23 [45.00 … 55.00]", "+11.23 [+2.00 … +20.00]", "0.0004", "better",
    ]  # fmt: skip
    assert row_of(card, "sts12", "spearman")[-1] == "cannot tell"
    assert "Of 2 verdicts on equal models 0.1 would be better or worse by chance." in card


def test_data_objective_and_versions_are_told(tmp_path: Path) -> None:
    run = finished_run(
        tmp_path,
        base_models=("some/encoder",),
        objective={"use": "Matryoshka", "objective": {"use": "InfoNCE", "temperature": 0.07}, "dimensions": [16, 8]},
        data={"sources": [{"use": "JsonLines", "path": "a/pairs.jsonl"}], "batch_size": 48},
    )
    card = render_card(run, "me/mine")
    assert "12,345 rows of text, fingerprint `f1f2`" in card
    assert "JsonLines (path pairs.jsonl, anchor anchor, positive positive)" in card
    assert "Matryoshka of InfoNCE (temperature 0.07" in card
    assert "(dimensions \\[16, 8\\])" in card
    assert row_of(card, "batch")[1] == "48 rows"
    assert row_of(card, "steps")[1] == "77"
    assert "Python 3.11.7, textcl 0.1.0, torch 2.13.0." in card
    assert "textcl reproduce me/mine data.sources.0.path=pairs.jsonl" in card


def test_sources_with_settings_of_their_own_are_told_as_well(tmp_path: Path) -> None:
    graded = {"use": "CSV", "path": "/a/graded.csv", "anchor": "first", "positive": "second", "score": "score"}
    crops = [{"role": "anchor"}, {"role": "positive", "augment": [{"use": "SpanCrop"}]}]
    run = finished_run(
        tmp_path,
        data={
            "sources": [
                {"name": "graded", "source": graded, "objective": {"use": "CoSENT"}},
                {"name": "plain", "source": {"use": "TextLines", "path": "/b/lines.txt"}, "views": crops},
            ],
            "mixing": {"weights": [1, 2]},
        },
    )
    facts = json.loads((run / "run.json").read_text())
    facts["data"]["sources"] = [
        {"name": "graded", "rows": 1500, "share": 1 / 3},
        {"name": "plain", "rows": 90, "share": 2 / 3},
    ]
    (run / "run.json").write_text(json.dumps(facts))
    card = render_card(run, "me/mine")
    assert "- graded, 1,500 rows, 33.3 % of those drawn: CSV (path graded.csv, anchor first" in card
    assert "- plain, 90 rows, 66.7 % of those drawn: TextLines (path lines.txt" in card
    assert row_of(card, "objective")[1].startswith("InfoNCE (temperature 0.05")
    assert "; CoSENT (" in row_of(card, "objective")[1]
    assert "positive: SpanCrop" in card
    assert "huang2024cosent" in card
    assert "izacard2022contriever" in card
    assert "data.sources.0.source.path=graded.csv data.sources.1.source.path=lines.txt" in card


def test_a_recipe_that_leaves_things_to_defaults_is_not_that_of_a_run(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    (run / "recipe.yaml").write_text((run / "recipe.yaml").read_text().replace("random_init", "other"))
    with pytest.raises(
        DataError,
        match=r"recipe\.yaml cannot be read: encoder\.random_init: it is missing\. It is not what textcl train left",
    ):
        render_card(run, "me/mine")


@pytest.mark.parametrize(
    ("section", "settings"),
    [("data", {"sources": [7]}), ("training", {"clip": "x"}), ("evaluation", {"after": 7}), ("hub", {"language": 7})],
)
def test_a_recipe_of_other_kinds_is_named(tmp_path: Path, section: str, settings: dict[str, object]) -> None:
    run = finished_run(tmp_path)
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    recipe[section] = {**(recipe[section] or {}), **settings}
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.raises(DataError, match=rf"recipe\.yaml cannot be read: {section}\.{next(iter(settings))}"):
        render_card(run, "me/mine")


def test_the_command_that_repeats_it_names_what_only_its_maker_has(tmp_path: Path) -> None:
    run = finished_run(
        tmp_path,
        data={
            "sources": [{"use": "JsonLines", "path": "/a/my pairs.jsonl"}, {"use": "Docstrings", "packages": ["rich"]}]
        },
        encoder={"backbone": "models/mine"},
        evaluation={
            "after": [
                "sts", "classification:/b/train.jsonl, /b/test.jsonl", "/c/suite.yaml",
                {"name": "faq", "source": {"use": "CSV", "path": "/d/faq.csv"}},
            ],
            "data_dir": "/e/sets",
        },
    )  # fmt: skip
    (command,) = [line for line in render_card(run, "me/mine").splitlines() if line.startswith("textcl reproduce")]
    assert shlex.split(command) == [
        "textcl", "reproduce", "me/mine", "data.sources.0.path=my pairs.jsonl", "encoder.backbone=mine",
        "evaluation.data_dir=FOLDER", "evaluation.after.1=classification:train.jsonl,test.jsonl",
        "evaluation.after.2=./suite.yaml", "evaluation.after.3.source.path=faq.csv",
    ]  # fmt: skip


def test_leakage_is_counted_and_no_text_of_it_is_quoted(tmp_path: Path) -> None:
    card = render_card(finished_run(tmp_path, report=REPORT), "me/mine")
    assert row_of(card, "faq", "queries")[2:] == ["1,234", "21", "3", "1.9 %"]
    assert "private" not in card


def test_no_path_of_the_machine_nor_its_owner_is_named(tmp_path: Path) -> None:
    home = "/home/ada/secret"
    run = finished_run(
        tmp_path / "ada" / "run",
        report=REPORT,
        data={
            "sources": [
                {"use": "JsonLines", "path": f"{home}/pairs.jsonl"},
                {"use": "TextLines", "path": "~ada/l.txt"},
            ],
            "views": [
                {"role": "anchor"},
                {"role": "positive", "augment": [{"use": "BackTranslated", "path": f"{home}/kept.jsonl"}]},
            ],
        },
        encoder={"backbone": f"{home}/my-bert", "teacher": f"{home}/large"},
        evaluation={
            "after": [f"sts:{home}/own.tsv", {"name": "faq", "source": {"use": "CSV", "path": f"{home}/faq.csv"}}],
            "data_dir": home,
        },
    )
    card = render_card(run, None)
    for shown in ("pairs.jsonl", "l.txt", "kept.jsonl", "my-bert", "large"):
        assert shown in card
    for hidden in ("ada", "/home", "secret", str(tmp_path)):
        assert hidden not in card


def test_a_class_of_the_users_own_tells_no_words_that_could_be_secrets(tmp_path: Path) -> None:
    source = {"use": "tests.hub.own_source:Guarded", "token": "hf_abcdefghijklmnopqrstuvwxyz012345", "rows": 3}
    card = render_card(finished_run(tmp_path, data={"sources": [source]}), None)
    assert "Guarded (rows 3)" in card
    assert "hf_abc" not in card


def test_words_of_others_do_not_break_its_tables(tmp_path: Path) -> None:
    report = json.loads(json.dumps(REPORT).replace('"faq"', '"a | <b>\\n# c"'))
    card = render_card(finished_run(tmp_path, report=report), "me/mine")
    assert len([line for line in card.splitlines() if line.startswith("| a \\| \\<b\\> # c | ndcg@10 |")]) == 1
    assert ModelCard(card).data.eval_results[0].dataset_name == "a | <b>\n# c"


def test_no_html_of_a_recipe_gets_into_a_card(tmp_path: Path) -> None:
    odd = "<img src=x onerror=alert(1)>`\x1b]0;owned\x07"
    run = finished_run(tmp_path)
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    recipe["encoder"]["backbone"] = f"pkg://{odd}"
    recipe["data"]["sources"] = [{"use": "HubDataset", "id": odd, "revision": odd, "split": odd}]
    (run / "recipe.yaml").write_text(json.dumps(recipe).replace("\\u001b", "").replace("\\u0007", ""))
    body = render_card(run, "me/mine").split("---", 2)[2]
    outside_code = re.sub("`[^`\n]*`", "", body)
    assert re.search(r"(?<!\\)<img", outside_code) is None
    assert "onerror" in body


def test_no_markup_of_a_report_nor_of_a_files_name_gets_into_a_card(tmp_path: Path) -> None:
    report = json.loads(json.dumps(REPORT).replace('"better"', '"<b>|better"'))
    run = finished_run(tmp_path, report=report)
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    recipe["data"]["sources"] = [{"use": "TextLines", "path": "a\n```\n<b>"}]
    (run / "recipe.yaml").write_text(json.dumps(recipe))
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "python": "<b>", "packages": {"<b>": "<b>"}}))
    body = render_card(run, "me/mine").split("---", 2)[2]
    outside_code = re.sub("```.*?\n```", "", body, flags=re.DOTALL)
    assert body.count("\n```") % 2 == 0
    assert re.findall(r"(?<!\\)<b", outside_code) == []


def test_a_run_without_scores_says_so(tmp_path: Path) -> None:
    card = render_card(finished_run(tmp_path), "me/mine")
    assert "The run was not scored" in card
    assert ModelCard(card).data.eval_results is None


def test_a_run_that_goes_on_has_no_card(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    (run / "model").rename(run / "elsewhere")
    with pytest.raises(ModelError, match="holds no model: a run leaves it there when it ends"):
        render_card(run, None)


def test_exports_are_shown_with_what_they_cost(tmp_path: Path) -> None:
    run = finished_run(tmp_path, report=REPORT)
    export = {
        "format": "onnx-int8", "files": ["onnx/model_qint8.onnx"], "bytes": 23_456_789, "texts": 1500,
        "cosine_mean": 0.98765, "cosine_min": 0.9012, "texts_per_second": 1234.5, "texts_per_second_original": 400.0,
        "scores": [{"task": "faq", "metric": "ndcg@10", "before": 0.5123, "after": 0.5101}], "versions": {},
    }  # fmt: skip
    distilled = {**export, "format": "static", "cosine_mean": None, "cosine_min": None}
    (run / "exports.json").write_text(json.dumps([export, distilled]))
    card = render_card(run, None)
    assert row_of(card, "static")[3] == "vectors of another space"
    assert row_of(card, "onnx-int8")[1:] == [
        "onnx/model_qint8.onnx", "23.5 MB", "0.9877, 0.9012 (1,500 texts)", "faq ndcg@10 51.23 → 51.01", "1,234 (400)",
    ]  # fmt: skip
    (run / "exports.json").write_text("{")
    with pytest.raises(DataError, match=r"exports\.json is no list of exports"):
        render_card(run, None)
