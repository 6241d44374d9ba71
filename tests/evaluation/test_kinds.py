"""Kinds of tasks: what each declares holds together, and a new one needs its declaration and a line on the list."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import run
from textcl.cli.app import app
from textcl.errors import DataError
from textcl.evaluation import kinds
from textcl.evaluation.items import Result, results_of
from textcl.evaluation.kind import Files, Hub, Kind, Metric, SuiteSection, TaskEntry
from textcl.evaluation.leakage import TrainingRow, find_leakage
from textcl.evaluation.run import evaluate, texts_of
from textcl.evaluation.significance import Difference
from textcl.evaluation.stored import read_samples, write_samples
from textcl.evaluation.suites import load_suite, load_tasks
from textcl.evaluation.task import Metrics, Task, TextPair, Weights
from textcl.hub.card_metadata import eval_results
from textcl.recipe.load import load_recipe
from textcl.report.leakage import leakage_json, leakage_lines
from textcl.report.score_rows import alone
from textcl.report.tables import points
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role
from textcl.util.cosines import Float64Array, pair_cosines

ROLES = [(kind.name, role) for kind in kinds.KINDS for role in kind.columns]
PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


@dataclass(frozen=True, slots=True)
class ClosenessSample:
    """The outcome of the toy: a cosine a pair."""

    cosines: Float64Array  # (N,)

    @property
    def size(self) -> int:
        return len(self.cosines)

    def metrics(self, weights: Weights) -> Metrics:
        mean = weights @ self.cosines / weights.sum(axis=1)
        return {"closeness": mean, "gap": 1 - mean, "closeness_detail": mean}


class Closeness:
    """A toy: how close are the two sides of pairs?"""

    def __init__(self, name: str, pairs: Sequence[tuple[str, str]]) -> None:
        self.name, self.pairs = name, tuple(pairs)

    def run(self, embed: Embed) -> ClosenessSample:
        return ClosenessSample(pair_cosines(self.pairs, embed))

    def compared(self) -> list[TextPair]:
        return [TextPair(left, right, None) for left, right in self.pairs]


class ClosenessColumns(SuiteSection):
    """The columns of the toy."""

    left_side: str = "left"
    right_side: str = "right"


class ClosenessEntry(TaskEntry):
    """A set of the toy."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: ClosenessColumns = ClosenessColumns()

    def task(self, files: Files) -> Closeness:
        columns = self.columns
        return Closeness(
            self.name, [(row.text(columns.left_side), row.text(columns.right_side)) for row in files.rows(self)]
        )


TOY = Kind(
    name="closeness",
    entry=ClosenessEntry,
    takes={"local": "FILE"},
    samples=(ClosenessSample,),
    hub_type="toy-similarity",
    hub_metrics=("closeness",),
    metrics={"gap": Metric(better="lower", is_share=False), "closeness_detail": Metric(is_detail=True)},
)
PAIRS = (("a long first sentence", "a second one of some length"), ("two dogs run", "a bird sings here"))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """The toy, put on the list, which is all that a new kind needs."""
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, TOY))
    return TOY


def _lines(path: Path, *rows: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _file(folder: Path, left: str = "left") -> Path:
    return _lines(folder / "mine.jsonl", *({left: one, "right": other} for one, other in PAIRS))


def _random(texts: Sequence[str], role: Role) -> FloatArray:
    return np.random.default_rng(len(texts)).normal(size=(len(texts), 4)).astype(np.float32)


def test_a_kind_that_is_not_on_the_list_is_unknown_everywhere(tmp_path: Path) -> None:
    """The control of the tests below."""
    with pytest.raises(DataError, match="there is no kind of task 'closeness'"):
        load_tasks([f"closeness:{_file(tmp_path)}"])
    assert kinds.hub_type(["closeness"]) == "sentence-similarity"
    write_samples(tmp_path / "s.npz", {"mine": Result("d", ClosenessSample(np.ones(2)))})
    assert read_samples(tmp_path / "s.npz") == {}


def test_a_new_kind_is_taken_by_suites(toy: Kind, tmp_path: Path) -> None:
    _file(tmp_path, left="l")
    suite = tmp_path / "suite.yaml"
    entry = "{kind: closeness, name: mine, local: mine.jsonl, columns: {left_side: l}}"
    suite.write_text(f"description: a toy\ntasks: [{entry}]\naverage: closeness\n", encoding="utf-8")
    task, average = load_suite(str(suite), tmp_path)
    assert isinstance(task, Closeness)
    assert task.pairs == PAIRS
    assert list(evaluate([task, average], _random)) == ["mine", "suite-average"]


def test_a_new_kind_names_users_sets_and_their_columns(toy: Kind, tmp_path: Path) -> None:
    spec = f"closeness:{_file(tmp_path, left='l')}"
    (task,) = load_tasks([spec], columns={"left_side": "l"})
    assert (task.name, task.compared()) == ("mine", [TextPair(*pair, None) for pair in PAIRS])
    with pytest.raises(DataError, match=r"no column 'left'; there are l, right\. Name .* with --left-side-column\."):
        load_tasks([spec], columns={})


def test_a_new_kind_is_scored_by_the_command_line(
    toy: Kind, tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_model_folder: Path
) -> None:
    scores = tmp_path / "scores.json"
    spec = f"closeness:{_file(tmp_path, left='l')}"
    done = run(capsys, "evaluate", tiny_model_folder, spec, "--left-side-column=l", "--json", scores)
    assert done.code == 0, done.err
    assert set(json.loads(scores.read_text())["mine"]) == {"closeness", "gap", "closeness_detail"}
    assert "gap" in done.out
    assert "closeness_detail" not in done.out
    again = run(capsys, "evaluate", tiny_model_folder, spec, "--left-side-column", "l", "--against", scores)
    assert again.code == 0, again.err
    assert "cannot tell" in again.out


def test_a_new_kind_may_stand_in_a_recipe(toy: Kind) -> None:
    recipe = load_recipe("quickstart", ["evaluation.after=[closeness:mine.jsonl]"])
    assert recipe.evaluation.after == ("closeness:mine.jsonl",)


def test_the_items_of_a_new_kind_are_stored(toy: Kind, tmp_path: Path) -> None:
    tasks = [Closeness("mine", PAIRS)]
    results = results_of(tasks, evaluate(tasks, _random))
    write_samples(tmp_path / "s.npz", results)
    found = read_samples(tmp_path / "s.npz")["mine"]
    assert isinstance(found.sample, ClosenessSample)
    np.testing.assert_array_equal(found.sample.cosines, results["mine"].sample.cosines)


def test_pairs_of_a_new_kind_are_searched_for_in_the_training_text() -> None:
    found = find_leakage(texts_of([Closeness("mine", PAIRS)]), [TrainingRow("line 1", PAIRS[0])])["mine"]
    assert (found.pairs.pairs, found.pairs.together) == (2, 1)


class Unlisted:
    """A task of a user's code, of no kind on the list, that does not say which texts it compares."""

    name = "mine"

    def run(self, embed: Embed) -> ClosenessSample:
        return Closeness("mine", PAIRS).run(embed)


def test_of_a_task_that_does_not_say_what_it_compares_the_report_says_that_pairs_were_not_checked() -> None:
    leakage = find_leakage(texts_of([Unlisted()]), [TrainingRow("line 1", PAIRS[0])])
    (line, *_) = leakage_lines(leakage)
    assert line == "mine: it does not say which texts it compares, so its pairs were not checked, only single texts."
    assert leakage_json(leakage)["mine"]["pairs"] == "unknown"
    assert len(leakage["mine"].parts["texts"].exact) == 2


def test_a_card_names_a_new_kind_as_the_kind_says_and_shows_its_scores_alone(toy: Kind) -> None:
    figures = {"mine": {name: {"value": 0.5, "low": 0.4, "high": 0.6} for name in ("closeness", "gap")}}
    (result,) = eval_results({}, alone(figures))
    assert (result.task_type, result.task_name, result.metric_type) == ("toy-similarity", "Toy similarity", "closeness")


def test_a_metric_of_a_new_kind_is_read_as_the_kind_says(toy: Kind) -> None:
    assert (points(0.5, "gap"), points(0.5, "closeness")) == ("0.50", "50.00")
    assert Difference(0.2, 0.1, 0.3, 0.01, "gap").verdict == "worse"
    assert Difference(0.2, 0.1, 0.3, 0.01, "closeness").verdict == "better"
    assert kinds.shown_metrics(["closeness", "closeness_detail"]) == ["closeness"]


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_documented(kind: Kind) -> None:
    assert re.search(
        rf"^\| `{kind.name}` \|.*|^textcl evaluate \S+ {kind.name}:", PAGE.read_text("utf-8"), re.MULTILINE
    )


def test_names_of_kinds_and_the_metrics_that_show_them_are_each_ones_own() -> None:
    names = [kind.name for kind in kinds.KINDS]
    starts = [start for kind in kinds.KINDS for start in kind.hub_metrics]
    assert len(set(names)) == len(names)
    assert len(set(starts)) == len(starts)


def test_kinds_agree_on_a_metric_that_several_have() -> None:
    for kind in kinds.KINDS:
        assert {name: kinds.metric_named(name) for name in kind.metrics} == dict(kind.metrics)


@pytest.mark.parametrize(
    ("metrics", "hub_type"),
    [
        (["spearman", "pearson"], "semantic-similarity"),
        (["ndcg@10", "map@100"], "information-retrieval"),
        (["map@100"], "information-retrieval"),
        (["map", "mrr@10"], "reranking"),
        (["ap", "f1", "accuracy"], "binary-classification"),
        (["accuracy", "accuracy_forward", "f1"], "translation"),
        (["accuracy", "macro_f1", "knn_accuracy"], "text-classification"),
        (["v_measure"], "clustering"),
        (["cosine_spearman"], "sentence-similarity"),
    ],
)
def test_a_card_knows_a_kind_by_its_metrics(metrics: list[str], hub_type: str) -> None:
    assert kinds.hub_type(metrics) == hub_type


def _specs(kind: str, folder: Path, row: Mapping[str, object]) -> str:
    takes = kinds.kind_named(kind).takes
    return f"{kind}:" + ",".join(str(_lines(folder / f"{field}.jsonl", row, row)) for field in takes)


def _options(words: list[str]) -> Mapping[str, str]:
    """Return the names of columns that `textcl evaluate` takes from a command line."""
    verb = app.commands["evaluate"]
    named: Mapping[str, str] = verb.make_context("evaluate", ["model", *words, "sts"]).obj
    return named


@pytest.mark.parametrize(("kind", "role"), [pair for pair in ROLES if pair != ("sts", "subset")])  # may be absent
def test_the_option_that_an_error_names_is_taken_by_the_command_and_read_by_the_kind(
    kind: str, role: str, tmp_path: Path
) -> None:
    columns = {one: name for one, name in kinds.kind_named(kind).columns.items() if (kind, one) != ("geometry", "text")}
    row = {name: "1" for one, name in columns.items() if one != role}
    spec = _specs(kind, tmp_path, {"other": "1"} if (kind, role) == ("geometry", "text") else row)
    if (kind, role) != ("geometry", "first"):  # of which `text` can take the place
        with pytest.raises(DataError) as error:
            load_tasks([spec], columns={})
        (option,) = re.findall(r"--[\w-]+-column", str(error.value))
        assert _options([option, "other"]) == _options([f"{option}=other"]) == {role: "other"}
    with pytest.raises(DataError, match=r"no column .*'nowhere'"):
        load_tasks([spec], columns={role: "nowhere"})


def test_a_role_that_no_kind_has_is_answered_with_those_that_the_sets_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    done = run(capsys, "evaluate", tmp_path, f"sts:{tmp_path}/x.jsonl", "--anchor-column", "a")
    assert done.code == 1
    assert "--anchor-column is for users' sets, as in sts:FILE, and none of those named reads it." in done.err
    assert "They take --first-column, --score-column, --second-column, --subset-column." in done.err


def test_an_option_without_a_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "evaluate", "model", "sts", "--first-column")
    assert done.code == 2
    assert "--first-column is followed by the name of a column" in done.err


def test_every_role_that_the_help_names_is_one_of_a_kind() -> None:
    text = " ".join((app.commands["evaluate"].help or "").split())
    named = re.search(r"--(\w+)-column NAME, and in the same way ([\w, ]+)\.", text)
    assert {named[1], *named[2].split(", ")} == {role for _, role in ROLES}


def test_every_task_of_a_kind_says_which_texts_it_compares() -> None:
    tasks: list[type[Task]] = [
        found
        for kind in kinds.KINDS
        for found in vars(__import__(kind.entry.__module__, fromlist=["KIND"])).values()
        if isinstance(found, type) and found.__module__ == kind.entry.__module__ and hasattr(found, "run")
    ]
    assert len(tasks) == len(kinds.KINDS)
    assert all(hasattr(task, "compared") for task in tasks)
