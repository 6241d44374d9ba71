"""What trackers are told of a run, and that one which fails costs the run nothing."""

import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from accelerate import tracking

from tests.recipe.minimal import errors_of, minimal, write_pairs
from tests.tiny import tiny_encoder
from textcl.errors import RecipeError
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.types.protocols import StepLog
from textcl.workflows.run.prepare import prepare
from textcl.workflows.run.tracking import Tracking
from textcl.workflows.run.train import train_recipe


def recipe_with(*names: str) -> Recipe:
    return parse(minimal(training={"steps": 4, "learning_rate": 1e-3, "track_with": list(names)}))


def step(number: int) -> StepLog:
    return StepLog(number, 4, number / 10, 1e-3, 1.0, 5.0, 6.0, 0.0, 0.0, {"a": 0.5}, {"mean_cosine": float("nan")})


class Notes(tracking.GeneralTracker):
    """Notes what it is told."""

    name, requires_logging_directory = "notes", False
    noted: list[Any]
    fails_at = ""

    def __init__(self, project: str) -> None:
        self._note("init", project)

    def _note(self, *what: Any) -> None:
        self.noted.append(what)
        if what[0] == self.fails_at:
            raise SystemExit(1)

    @property
    def tracker(self) -> object:
        return self

    def start(self) -> None:
        self._note("start")

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self._note("config", values)

    def log(self, values: dict[str, float], step: int | None = None, **_: Any) -> None:
        self._note("log", step, values)

    def finish(self) -> None:
        self._note("finish")


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> type[Notes]:
    class Fresh(Notes):
        noted: list[Any] = []  # noqa: RUF012 (of one test)

    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "notes", Fresh)
    return Fresh


def told(notes: type[Notes], name: str) -> dict[int, float]:
    return {what[1]: what[2][name] for what in notes.noted if what[0] == "log" and name in what[2]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and pairs."""
    folder = tmp_path_factory.mktemp("tracked")
    tiny_encoder().save(folder / "model")
    write_pairs(folder / "pairs.jsonl", 40)
    return folder


def run_recipe(folder: Path) -> Recipe:
    source = {"use": "JsonLines", "path": str(folder / "pairs.jsonl")}
    return parse(
        minimal(
            data={"sources": [source], "batch_size": 8, "max_length": 16, "held_out": 0.25, "workers": 0},
            encoder={"backbone": str(folder / "model")},
            training={"steps": 4, "learning_rate": 1e-3, "track_with": ["notes"]},
            evaluation={"during": {"tasks": ["held-out"], "every": 2}},
        )
    )


def test_a_run_tells_of_its_recipe_its_steps_and_its_scores_with_their_intervals(
    folder: Path, tmp_path: Path, notes: type[Notes]
) -> None:
    train_recipe(run_recipe(folder), tmp_path / "run")
    assert [what[0] for what in notes.noted[:3]] == ["init", "start", "config"]
    assert notes.noted[2][1]["training.learning_rate"] == 1e-3
    assert notes.noted[-1] == ("finish",)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert told(notes, "train/loss") == {line["step"]: line["loss"] for line in log}
    during = [json.loads(line) for line in (tmp_path / "run" / "evaluations.jsonl").read_text().splitlines()]
    name = "held-out/ndcg@10"
    assert told(notes, "during/held-out/ndcg_at_10") == {line["step"]: line[name] for line in during}
    low, high = (told(notes, f"during/held-out/ndcg_at_10/{bound}") for bound in ("low", "high"))
    assert [low[line["step"]] <= line[name] <= high[line["step"]] for line in during] == [True, True]
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    for when, at in (("before", 0), ("after", 4)):
        found = report[when]["held-out"]["ndcg@10"]
        for name, bound in (("value", ""), ("low", "/low"), ("high", "/high")):
            assert told(notes, f"{when}/held-out/ndcg_at_10{bound}") == {at: found[name]}


@pytest.mark.parametrize("where", ["init", "start", "config", "log", "finish"])
def test_a_tracker_that_fails_is_told_once_and_left_out(
    folder: Path, tmp_path: Path, notes: type[Notes], where: str, caplog: pytest.LogCaptureFixture
) -> None:
    notes.fails_at = where
    tracked = Tracking(recipe_with("notes"), tmp_path, is_resumed=False)
    for number in range(1, 5):
        tracked.step(step(number))
    tracked.close()
    assert [what[0] for what in notes.noted].count(where) == 1
    assert [record.message.partition(" when ")[0] for record in caplog.records] == ["training.track_with: notes failed"]


def test_two_trackers_do_not_share_a_failure(
    tmp_path: Path, notes: type[Notes], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = type("Other", (Notes,), {"noted": [], "fails_at": "start"})
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "other", other)
    tracked = Tracking(recipe_with("other", "notes"), tmp_path, is_resumed=False)
    tracked.step(step(1))
    assert told(notes, "train/loss") == {1: 0.1}


def test_a_run_that_goes_on_says_neither_its_recipe_nor_its_first_scores_again(
    tmp_path: Path, notes: type[Notes]
) -> None:
    task = STS("sts", [GradedPair("one", "two", 1.0), GradedPair("three", "four", 2.0)])
    sample = {"sts": SimpleNamespace(task=task)}
    Tracking(recipe_with("notes"), tmp_path, is_resumed=False).close()
    (tmp_path / "checkpoints" / "step-2").mkdir(parents=True)
    notes.noted.clear()
    again = Tracking(recipe_with("notes"), tmp_path, is_resumed=True)
    again.scored("before", sample)  # type: ignore[arg-type]  # which nobody looks at
    again.step(step(3))
    assert [what[0] for what in notes.noted] == ["init", "start", "log"]


def test_tensorboard_has_each_step_once_after_a_resume(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracked = Tracking(recipe_with("tensorboard"), tmp_path, is_resumed=False)
    for number in range(1, 4):
        tracked.step(step(number))
    tracked.close()
    (tmp_path / "checkpoints" / "step-2").mkdir(parents=True)
    tracked = Tracking(recipe_with("tensorboard"), tmp_path, is_resumed=True)
    for number in range(3, 5):
        tracked.step(step(number))
    tracked.close()
    events = EventAccumulator(str(tmp_path / "trackers" / "tensorboard" / "tiny"))
    events.Reload()
    assert [(event.step, round(event.value, 6)) for event in events.Scalars("train/loss")] == [
        (1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4),
    ]  # fmt: skip
    assert "terms/a" in events.Tags()["scalars"]
    assert "readings/mean_cosine" not in events.Tags()["scalars"]  # it was NaN


def test_trackio_has_the_steps_the_recipe_and_the_report_of_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACKIO_DIR", raising=False)
    (tmp_path / "report.html").write_text("<p>")
    for name, resumed in (("first", False), ("second", False), ("second", True)):
        (tmp_path / name).mkdir(exist_ok=True)
        tracked = Tracking(recipe_with("trackio"), tmp_path / name, is_resumed=resumed)
        tracked.step(step(2 if resumed else 1))
        tracked.keep([tmp_path / "report.html"])
        tracked.close()
    with sqlite3.connect(tmp_path / "second" / "trackers" / "trackio" / "tiny.db") as base:
        logged = base.execute("select run_name, step, metrics from metrics order by step").fetchall()
        (config,) = base.execute("select config from configs").fetchone()
        kept = base.execute("select name from artifacts").fetchall()
    assert [(name, at, json.loads(metrics)["train/loss"]) for name, at, metrics in logged] == [
        ("second", 1, 0.1), ("second", 2, 0.2),
    ]  # fmt: skip
    assert json.loads(config)["training.learning_rate"] == 1e-3
    assert kept == [("report-second",)]


def test_a_tracker_whose_package_is_absent_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "_available_trackers", [])
    with pytest.raises(
        RecipeError, match=r"track_with: found 'wandb', .* not installed: pip install 'textcl\[wandb\]'"
    ):
        prepare(recipe_with("wandb"), "cpu")
    with pytest.raises(RecipeError, match=r"found 'aim', .* pip install aim"):
        prepare(recipe_with("aim"), "cpu")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["wandbb"], "training.track_with.0: found 'wandbb', but accelerate knows no such tracker; it has "),
        (["wandb", "wandb"], "training.track_with: found 'wandb' twice; name each tracker once"),
        (3, "training.track_with: found 3"),
        ([3], "training.track_with.0: found 3"),
    ],
)
def test_what_is_no_tracker_is_refused(value: Any, said: str, tmp_path: Path) -> None:
    (line,) = errors_of(tmp_path, minimal(training={"track_with": value}))
    assert line.startswith(said)


def test_one_tracker_is_a_list_of_it() -> None:
    assert parse(minimal(training={"track_with": "tensorboard"})).training.track_with == ("tensorboard",)
