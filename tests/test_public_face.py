"""The public names: what they take, what they give back, and the examples in their docstrings."""

import doctest
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import textcl
from tests.noted import Noted
from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.errors import DataError, ModelError, RecipeError, SearchError
from textcl.recipe.load import resolved

TEXTS = (
    "a man plays the guitar",
    "the woman reads a book",
    "a cat sleeps on the sofa",
    "two children run in the park",
    "a dog runs in the park",
    "the train leaves the station",
    "she is cooking a soup",
    "the sum of two numbers",
)
GRADED = ((0, 0, 5), (0, 1, 1), (2, 4, 2), (3, 4, 3), (5, 6, 0), (1, 7, 0), (2, 2, 5), (6, 1, 1))
PUBLIC = [name for name in textcl.__all__ if name != "__version__"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sentences, graded pairs, pairs and a model, in which the test runs."""
    (tmp_path / "sentences.txt").write_text("\n".join(TEXTS[2:] + TEXTS[:2]) + "\n")
    lines = ["sentence1\tsentence2\tscore", *(f"{TEXTS[a]}\t{TEXTS[b]}.\t{score}" for a, b, score in GRADED)]
    (tmp_path / "graded.tsv").write_text("\n".join(lines) + "\n")
    pairs = [("a person makes music", 0), ("someone is reading", 1), ("an animal sleeps", 2), ("a pet runs", 4)]
    rows = [json.dumps({"anchor": anchor, "positive": TEXTS[number]}) for anchor, number in pairs]
    (tmp_path / "pairs.jsonl").write_text("\n".join(rows) + "\n")
    labelled = [(text, "people" if number in (0, 1, 3, 6) else "animals") for number, text in enumerate(TEXTS)]
    rows = [f"{text},{label}" for text, label in labelled]
    (tmp_path / "labelled.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    tiny_encoder().save(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changes(**more: object) -> dict[str, object]:
    """Of the recipe simcse: a run of two steps on the tiny model."""
    return {
        "data.sources.0.path": Path("sentences.txt"),
        "data.batch_size": 4,
        "encoder.backbone": "model",
        "training.steps": 2,
        "evaluation.after": ("sts:graded.tsv",),
    } | {key.replace("__", "."): value for key, value in more.items()}


def test_importing_textcl_loads_neither_torch_nor_numpy() -> None:
    code = "import sys, textcl; print(sorted({'torch', 'numpy', 'transformers', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_public_name_is_there_and_no_room_takes_its_location() -> None:
    assert {module.name for module in pkgutil.iter_modules(textcl.__path__)}.isdisjoint(textcl.__all__)
    assert all(getattr(textcl, name).__doc__ for name in PUBLIC)
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        textcl.trian  # noqa: B018


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_docstring_runs(name: str, folder: Path, minilm: str) -> None:
    public = getattr(textcl, name)
    (test,) = doctest.DocTestFinder(recurse=False).find(public, name, globs={})
    assert test.examples
    report: list[str] = []
    failed = doctest.DocTestRunner().run(test, out=report.append).failed
    assert not failed, "".join(report)


def test_a_recipe_is_a_name_a_path_a_dict_or_a_recipe(folder: Path) -> None:
    by_name = textcl.load_recipe("simcse", changes())
    (folder / "mine.yaml").write_text(resolved(by_name))
    assert textcl.load_recipe(folder / "mine.yaml") == by_name
    assert textcl.load_recipe(by_name.model_dump()) == by_name
    assert textcl.load_recipe(by_name) == by_name
    changed = textcl.load_recipe(by_name, ["training.epochs=3", "seed=5"])
    assert (changed.training.epochs, changed.training.steps, changed.seed, by_name.seed) == (3, None, 5, 17)


def test_changes_from_a_dict_are_those_of_the_command_line() -> None:
    given = {"data.sources.0.path": Path("a.txt"), "training.epochs": 2, "evaluation.after": ("sts",)}
    written = ["data.sources.0.path=a.txt", "training.epochs=2", "evaluation.after=[sts]"]
    assert textcl.load_recipe("simcse", given) == textcl.load_recipe("simcse", written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training.": 2}, "is no change to a recipe"),
        ("training.epochs=2", r"They are a list of texts, \['training.epochs=2'\], or a dict"),
        ({"training.epocs": 2}, "Did you mean 'epochs'"),
    ],
)
def test_a_wrong_change_is_an_error_that_names_it(change: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        textcl.load_recipe("simcse", change)


def test_a_run_gives_its_model_its_scores_and_its_folder(folder: Path) -> None:
    run = textcl.train("simcse", changes=changes(), out="runs/first")
    assert run.folder == Path("runs/first")
    np.testing.assert_array_equal(run.model().encode(SENTENCES), textcl.load("runs/first").encode(SENTENCES))
    score = run.report.after["graded"]["spearman"]
    assert score.low <= score.value <= score.high
    change = run.report.difference["graded"]["spearman"].value
    assert change == pytest.approx(score.value - run.report.before["graded"]["spearman"].value)
    assert repr(run).startswith("Run of 'simcse' in runs/first\n")
    assert "spearman" in repr(run)
    assert "<pre" in run._repr_html_()


def test_training_is_silent_unless_progress_is_wanted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    textcl.train("simcse", changes=changes(evaluation__after=[]), out="silent")
    assert capsys.readouterr() == ("", "")
    run = textcl.train("simcse", changes=changes(evaluation__after=[]), out="shown", progress=True)
    assert "Training\n" in capsys.readouterr().out
    assert "no scores" in repr(run)
    noted = Noted()
    textcl.train("simcse", changes=changes(), out="noted", progress=noted)
    assert noted.names[-1] == "Scoring after training: graded"


def test_a_run_goes_on_where_it_was_and_a_used_folder_is_refused(folder: Path) -> None:
    textcl.train("simcse", changes=changes(training__save_every=1), out="run")
    with pytest.raises(textcl_error("TrainingError"), match="is not empty"):
        textcl.train("simcse", changes=changes(), out="run")
    resumed = textcl.train("simcse", changes=changes(training__steps=3), out="run", resume=True)
    assert len((resumed.folder / "log.jsonl").read_text().splitlines()) == 3


def textcl_error(name: str) -> type[Exception]:
    import textcl.errors

    return getattr(textcl.errors, name)  # type: ignore[no-any-return]  # by name


def test_scores_are_a_mapping_with_intervals_and_differences(folder: Path) -> None:
    scores = textcl.evaluate("model", ["sts:graded.tsv"], against=tiny_encoder(seed=5))
    assert list(scores) == ["graded"]
    task = scores["graded"]
    assert (task.metric, task.value, float(task)) == ("spearman", task["spearman"].value, task.value)
    assert task.interval == (task["spearman"].low, task["spearman"].high)
    other = textcl.evaluate(tiny_encoder(seed=5), "sts:graded.tsv")
    assert scores.difference("graded").value == pytest.approx(task.value - other["graded"].value)
    assert "against" in repr(scores)
    assert "<pre" in scores._repr_html_()
    with pytest.raises(DataError, match=r"no task 'sts', only graded"):
        scores.difference("sts")
    with pytest.raises(DataError, match="compared with none: name another with against="):
        other.difference("graded")


def test_an_open_model_scores_like_its_folder(folder: Path) -> None:
    named = textcl.evaluate("model", "sts:graded.tsv", precision="float32")
    assert textcl.evaluate(textcl.load("model"), "sts:graded.tsv")["graded"] == named["graded"]


def test_an_open_model_of_two_towers_shares_a_cache_with_its_folder(folder: Path) -> None:
    towers = tiny_towers()
    towers.save(folder / "towers")
    first, second = Noted(), Noted()
    textcl.evaluate(towers, "sts:graded.tsv", cache="vectors", progress=first)
    textcl.evaluate("towers", "sts:graded.tsv", cache="vectors", precision="float32", progress=second)
    assert sum(first.advanced) > 0
    assert sum(second.advanced) == 0


def test_an_index_of_an_open_model_opens_with_it(folder: Path) -> None:
    indexed = textcl.index(tiny_encoder(), folder / "sentences.txt", folder / "index")
    assert indexed is not None
    searcher = indexed.searcher()
    (hit, *_), others = searcher.search(TEXTS[0], k=1), searcher.search([TEXTS[0], TEXTS[1]], k=2)
    assert (hit.text, [len(found) for found in others]) == (TEXTS[0], [2, 2])
    assert "8 texts" in repr(searcher)
    again = textcl.index(tiny_encoder(), folder / "sentences.txt", folder / "index")
    assert again is not None
    assert again.was_finished
    with pytest.raises(SearchError, match="the open Encoder"):
        textcl.Searcher(folder / "index", model=tiny_encoder(seed=5))


def test_mined_pairs_are_rows_and_a_tally(folder: Path) -> None:
    mined = textcl.mine(tiny_encoder(), "pairs.jsonl", "mined.jsonl", negatives=2, first=0, last=3)
    rows = list(mined.rows())
    assert len(mined) == len(rows) == mined.report.written
    assert all(row["positive"] not in row["negatives"] for row in rows)
    with pytest.raises(DataError, match="holds no rank"):
        textcl.mine(tiny_encoder(), "pairs.jsonl", "other.jsonl", first=3, last=3)


def test_a_model_that_gives_no_numbers_is_named(folder: Path) -> None:
    encoder = tiny_encoder()
    with torch.no_grad():
        next(encoder.parameters()).fill_(float("nan"))
    encoder.save(folder / "broken")
    with pytest.raises(ModelError, match=r"^broken: graded: the model in broken gives NaN"):
        textcl.evaluate("broken", "sts:graded.tsv")
