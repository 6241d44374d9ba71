"""A run with rows held out: what they are scored by, and that a run, a check and a search for leaks know of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run as run_cli
from tests.recipe.minimal import minimal
from textcl.errors import DataError, RecipeError, TrainingError
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.geometry import Geometry
from textcl.evaluation.tasks.pair_classification import PairClassification
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS
from textcl.files.yaml import write_yaml
from textcl.hub.card import render_card
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.workflows.init import begin
from textcl.workflows.leaks import leaks
from textcl.workflows.run.build import build_data
from textcl.workflows.run.data import joined
from textcl.workflows.run.evaluation import best_by, build_tasks, build_tasks_during
from textcl.workflows.run.held_out import held_out_tasks
from textcl.workflows.run.train import train_recipe
from textcl.workflows.train import train

ROWS = range(60)
PAIRS = [{"anchor": f"the man sees {row} birds", "positive": f"birds {row} in the tree"} for row in ROWS]
KINDS: dict[str, list[dict[str, object]]] = {
    "pairs": PAIRS,
    "triplets": [{**pair, "negative": f"the dog {row}"} for row, pair in enumerate(PAIRS)],
    "graded": [{**pair, "score": row / 60} for row, pair in enumerate(PAIRS)],
    "labelled pairs": [{**pair, "score": row % 2} for row, pair in enumerate(PAIRS)],
    "labelled texts": [{"anchor": pair["anchor"], "label": row % 3} for row, pair in enumerate(PAIRS)],
    "texts": [{"anchor": f"the old man sees {row} small birds in a green tree"} for row in ROWS],
}
OBJECTIVES = {"graded": "CoSENT", "labelled pairs": "Contrastive", "labelled texts": "SupCon"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def source(kind: str, rows: list[dict[str, object]] | None = None) -> dict[str, object]:
    rows = KINDS[kind] if rows is None else rows
    name = f"{kind.replace(' ', '-')}-{len(rows)}.jsonl"
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {name: name for name in ("positive", "negative", "score", "label") if name in rows[0]}
    return {"use": "JsonLines", "path": name, "positive": None, **columns}


def recipe_of(kind: str, held_out: object = 0.2, model: str = "model", **more: Any) -> Recipe:
    data = {"sources": [source(kind)], "held_out": held_out, "batch_size": 16, "max_length": 16}
    objective = {"use": OBJECTIVES.get(kind, "InfoNCE")}
    return parse(minimal(data=data, encoder={"backbone": model}, objective=objective, training={"steps": 2}, **more))


@pytest.mark.parametrize(
    ("kind", "tasks"),
    [
        ("pairs", {"held-out": Retrieval}),
        ("triplets", {"held-out": Retrieval}),
        ("graded", {"held-out": STS}),
        ("labelled pairs", {"held-out": PairClassification}),
        ("labelled texts", {"held-out": Classification}),
        ("texts", {"held-out": Retrieval, "held-out-geometry": Geometry}),
    ],
)
def test_held_out_rows_are_scored_by_what_suits_them(kind: str, tasks: dict[str, type]) -> None:
    recipe = recipe_of(kind)
    made = held_out_tasks(recipe, build_data(recipe).held)
    assert {each.task.name: type(each.task) for each in made} == tasks
    assert [each.rows for each in made] == [12] * len(tasks)
    assert [bool(each.limits) for each in made] == [kind == "texts"] * len(tasks)


def test_anchors_look_for_their_positives_among_all_that_are_held_out() -> None:
    recipe = recipe_of("pairs")
    data = build_data(recipe)
    [task] = build_tasks(recipe)
    assert isinstance(task, Retrieval)
    rows = [data.held[0][row] for row in range(12)]
    assert list(task.queries.values()) == [row.anchor for row in rows]
    assert list(task.corpus.values()) == [row.positives[0] for row in rows]


def test_a_probe_learns_from_half_of_the_texts_and_is_asked_for_the_others() -> None:
    [task] = build_tasks(recipe_of("labelled texts"))
    assert isinstance(task, Classification)
    assert (len(task.train), len(task.test)) == (6, 6)
    assert not {row.text for row in task.train} & {row.text for row in task.test}


def test_views_of_texts_are_parts_of_them_and_the_same_in_every_run() -> None:
    first, again = (build_tasks(recipe_of("texts", seed=seed))[0] for seed in (1, 2))
    assert isinstance(first, Retrieval)
    assert isinstance(again, Retrieval)
    assert (first.queries, first.corpus) == (again.queries, again.corpus)
    whole = {str(row["anchor"]) for row in KINDS["texts"]}
    for text in (*first.queries.values(), *first.corpus.values()):
        assert text not in whole
        assert any(text in other for other in whole)


@pytest.mark.parametrize("held_out", ["held.jsonl", {"use": "JsonLines", "path": "held.jsonl"}])
def test_a_file_is_held_out_and_rows_that_share_its_texts_are_not_trained_on(held_out: object) -> None:
    rows = [PAIRS[3], {"anchor": "a new question", "positive": "a new answer"}]
    Path("held.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = build_data(recipe_of("pairs", held_out))
    train = [data.sources[0][row].anchor for row in range(len(data.sources[0]))]
    assert len(train) == 59
    assert PAIRS[3]["anchor"] not in train
    assert [data.held[0][row].anchor for row in range(2)] == [PAIRS[3]["anchor"], "a new question"]


def test_sources_that_take_turns_are_scored_each_by_its_own_task() -> None:
    sources = [
        {"name": "faq", "source": source("pairs")},
        {"name": "grades", "source": source("graded"), "objective": {"use": "CoSENT"}},
    ]
    data = {"sources": sources, "held_out": {"rows": 24, "seed": 3}, "mixing": {"temperature": 1}}
    recipe = parse(minimal(data=data))
    divided = build_data(recipe)
    tasks = {task.name: type(task) for task in build_tasks(recipe)}
    assert tasks == {"held-out-faq": Retrieval, "held-out-grades": STS}
    texts = [
        {text for part in side for row in range(len(part)) for text in (part[row].anchor, *part[row].positives)}
        for side in (divided.sources, divided.held)
    ]
    assert not texts[0] & texts[1]  # the two files hold the same texts
    assert sum(map(len, divided.held)) == 24


@pytest.mark.parametrize(
    ("kind", "held_out", "message"),
    [
        ("pairs", 59, "data.held_out: found 59 rows to hold out of 60, but 2 must be left to train on"),
        ("pairs", "none.jsonl", "data.held_out: .*none.jsonl"),
        ("labelled texts", 2, "data.held_out: 2 labelled texts; a probe needs two .* Hold out more rows"),
        ("graded", 1, "data.held_out: held-out has 1 pairs; .* Hold out more rows"),
        ("labelled pairs", 1, "data.held_out: held-out: . of 1 pairs mean the same; .* Hold out more rows"),
    ],
)
def test_rows_that_cannot_be_held_out_are_told_with_the_way_out(kind: str, held_out: object, message: str) -> None:
    with pytest.raises((DataError, RecipeError), match=f"(?s)^{message}"):
        build_tasks(recipe_of(kind, held_out))


def test_a_run_scores_the_held_out_rows_before_and_after_and_finds_no_copy_of_them(
    own_folder: Path, tiny_model_folder: Path
) -> None:
    done = train(recipe_of("texts", 0.25, str(tiny_model_folder)), out="run")
    report = json.loads(Path("run/report.json").read_text())
    assert set(done.report.after) == {"held-out", "held-out-geometry"} == set(report["before"])
    assert report["leakage"]["held-out-geometry"]["queries"]["exact"] == 0
    assert "cut from one text" in report["limits"]["held-out"]
    facts = json.loads(Path("run/run.json").read_text())["data"]
    assert (facts["rows"], facts["held_out"]) == (45, {"held-out": 15, "held-out-geometry": 15})
    page = Path("run/report.html").read_text()
    assert "15 rows, scored as held-out" in page
    assert page.count("Both views are cut from one text") == 1
    card = render_card(Path("run"), None)
    assert "| held-out | ndcg@10 |" in card
    assert "| held out | 15 rows, scored as held-out; 15 rows, scored as held-out-geometry |" in card
    assert "held-out, held-out-geometry: Both views are cut from one text" in card


@pytest.mark.parametrize("order", [1, 2])
def test_a_run_of_held_out_rows_goes_on_and_another_part_does_not(
    order: int, own_folder: Path, tiny_model_folder: Path
) -> None:
    raw = recipe_of("pairs", 0.2, str(tiny_model_folder)).model_dump(mode="json")
    recipe = parse({**raw, "data": {**raw["data"], "order": order}})
    first = train_recipe(recipe, own_folder / "run")
    again = train_recipe(recipe, own_folder / "run", resume=True)
    assert again.after == first.after
    with pytest.raises(TrainingError, match="began with another recipe: data differ"):
        train_recipe(recipe_of("pairs", 0.1, str(tiny_model_folder)), own_folder / "run", resume=True)


def test_the_check_of_a_recipe_says_what_is_held_out(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path
) -> None:
    recipe = recipe_of("pairs", 0.2, str(tiny_model_folder))
    Path("mine.yaml").write_text(write_yaml(recipe.model_dump(mode="json")))
    printed = run_cli(capsys, "check", "mine.yaml").out
    assert re.search(r"rows +48\n", printed)
    assert "held out    12 rows, as task held-out: each of 12 anchors looks for its positives among 12 texts" in printed


def test_leaks_are_looked_for_in_what_is_trained_on_and_a_split_by_row_has_some(own_folder: Path) -> None:
    twice = [*PAIRS, *({**pair, "anchor": f"who knows {row}?"} for row, pair in enumerate(PAIRS))]
    held = recipe_of("pairs")
    raw = held.model_dump(mode="json")
    raw["data"]["sources"] = [source("pairs", twice)]
    Path("mine.yaml").write_text(write_yaml(raw))
    found = leaks("mine.yaml", [], data_dir=None, columns=[])["held-out"]
    assert [len(part.exact) for part in found.parts.values()] == [0, 0]
    for name, rows in (("train", twice[:96]), ("held", twice[96:])):  # the sabotage: a split by row
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    raw["data"] |= {"sources": [source("pairs", twice[:96])], "held_out": None}
    raw["evaluation"]["after"] = [{"name": "naive", "source": {"use": "JsonLines", "path": "held.jsonl"}}]
    Path("naive.yaml").write_text(write_yaml(raw))
    found = leaks("naive.yaml", [], data_dir=None, columns=[])["naive"]
    assert len(found.parts["documents"].exact) == 24
    assert joined(build_data(held).sources)[0].positives


@pytest.mark.parametrize(("count", "held_out"), [(60, None), (200, 0.1), (1000, 0.05), (20_000, 1000)])
def test_a_first_recipe_holds_rows_out_where_there_are_enough(
    count: int, held_out: object, own_folder: Path, tiny_model_folder: Path
) -> None:
    rows = [{"question": f"what is {row}", "answer": f"it is {row} or so"} for row in range(count)]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = begin(Path("mine.jsonl"), backbone=str(tiny_model_folder))
    assert re.search(rf"^  held_out: {'null' if held_out is None else held_out} # ", done.text, re.M)


def test_a_first_recipe_holds_none_out_where_all_rows_share_a_text(own_folder: Path, tiny_model_folder: Path) -> None:
    rows = [{"question": f"what is number {row} in the book", "answer": "nobody knows that"} for row in range(150)]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "held_out: null" in begin(Path("mine.jsonl"), backbone=str(tiny_model_folder)).text


def stopping(model: Path, **during: Any) -> Recipe:
    """A run that cannot learn: no later score is better than the first."""
    training = {"steps": 12, "learning_rate": 1e-12, "save_every": 5}
    raw = recipe_of("pairs", 0.2, str(model), evaluation={"during": {"every": 2, "patience": 2, **during}})
    return parse({**raw.model_dump(mode="json"), "training": training})


def steps_of(run: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["learning_rate"]) for line in map(json.loads, (run / "log.jsonl").open())]


def test_a_run_ends_early_by_its_held_out_rows_and_is_done_when_it_is_resumed(tiny_model_folder: Path) -> None:
    recipe, run = stopping(tiny_model_folder, tasks="held-out"), Path("run")
    first = train(recipe, out=run)
    assert [step for step, _ in steps_of(run)] == [1, 2, 3, 4, 5, 6]
    whole = parse({**recipe.model_dump(mode="json"), "evaluation": {}})
    train(whole, out="whole")
    assert steps_of(run) == steps_of(Path("whole"))[:6]  # the schedule is that of all 12 steps
    reason = json.loads((run / "run.json").read_text())["stopped_early"]
    assert re.fullmatch(
        r"Stopped early after step 6 of 12: held-out/ndcg@10 has not gained in 2 .* since step 2, .*", reason
    )
    assert "best model was chosen by these items" in json.loads((run / "report.json").read_text())["limits"]["held-out"]
    assert reason.replace("'", "&#39;") in (run / "report.html").read_text()
    assert json.loads((run / "best/best.json").read_text())["by"] == "held-out/ndcg@10"
    again = train(recipe, out=run, resume=True)
    assert [step for step, _ in steps_of(run)] == [1, 2, 3, 4, 5, 6]
    assert again.report.after == first.report.after
    assert json.loads((run / "run.json").read_text())["stopped_early"] == reason


def test_a_run_goes_on_where_it_ended_early_with_more_patience(tiny_model_folder: Path) -> None:
    run = Path("run")
    train(stopping(tiny_model_folder, tasks="held-out"), out=run)
    train(stopping(tiny_model_folder, tasks="held-out", patience=9), out=run, resume=True)
    assert [step for step, _ in steps_of(run)] == list(range(1, 13))
    assert "stopped_early" not in json.loads((run / "run.json").read_text())


def test_all_kinds_of_tasks_are_scored_on_the_way(tiny_model_folder: Path) -> None:
    Path("graded.tsv").write_text("sentence1\tsentence2\tscore\n" + "".join(f"a {n}\tb {n}\t{n}\n" for n in range(9)))
    inline = {"name": "faq", "source": source("pairs")}
    tasks = ["held-out", "sts-smoke", "sts:graded.tsv", inline]
    recipe = stopping(tiny_model_folder, tasks=tasks, keep_best_by="graded/spearman", beyond_noise=True)
    train(recipe, out="run")
    line = json.loads(Path("run/evaluations.jsonl").read_text().splitlines()[0])
    assert {name.partition("/")[0] for name in line} == {"step", "held-out", "sts-smoke", "graded", "faq"}


@pytest.mark.parametrize(
    ("kind", "during", "message"),
    [
        (
            "pairs",
            {"tasks": "held-out", "keep_best_by": "held-out/ndcg"},
            "keep_best_by: found 'held-out/ndcg'. It takes",
        ),
        ("pairs", {"tasks": ["held-out", "held-out"]}, "evaluation.during: the task 'held-out' comes twice"),
        (
            "texts",
            {"tasks": "held-out", "keep_best_by": "held-out-geometry/alignment", "beyond_noise": True},
            "evaluation.during.beyond_noise: found true, but held-out-geometry keeps no outcomes item by item",
        ),
    ],
)
def test_what_cannot_be_scored_on_the_way_is_told_before_the_run(
    kind: str, during: dict[str, Any], message: str
) -> None:
    recipe = recipe_of(kind, evaluation={"during": {"every": 2, "patience": 2, **during}})
    with pytest.raises(RecipeError, match=re.escape(message)):
        best_by(recipe, build_tasks_during(recipe))


def test_the_best_is_kept_by_the_main_score_of_the_held_out_rows(tiny_model_folder: Path) -> None:
    for kind, name in (("graded", "spearman"), ("labelled pairs", "ap"), ("labelled texts", "accuracy")):
        recipe = recipe_of(kind, 0.4, evaluation={"during": {"every": 2, "tasks": "held-out", "patience": 2}})
        assert best_by(recipe, build_tasks_during(recipe)) == f"held-out/{name}"
