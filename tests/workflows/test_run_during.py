"""Scores on the way of a run: when, written where, and which model is kept."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import tiny_encoder
from textcl.distributed import Ranks
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, RecipeError
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.recipe.section import During
from textcl.training.checkpoint import Log
from textcl.types.batches import FloatArray
from textcl.types.protocols import StepLog
from textcl.types.text import Role
from textcl.workflows.run.during import DuringEvaluation, Patience, is_better, take_best

PAIRS = [GradedPair("one", "two", 1.0), GradedPair("three", "four", 2.0), GradedPair("five", "six", 3.0)]
ANGLES = {
    "rising": (90, 60, 30),
    "falling": (30, 60, 90),
    "bent": (90, 30, 60),
    "flat": (60, 60, 60),
}  # of each pair; cosines rise as grades do


def embedding(order: str) -> dict[str, list[float]]:
    first = {"one": 0, "three": 0, "five": 0}
    second = dict(zip(("two", "four", "six"), ANGLES[order], strict=True))
    angles = {text: np.deg2rad(angle) for text, angle in {**first, **second}.items()}
    return {text: [float(np.cos(angle)), float(np.sin(angle))] for text, angle in angles.items()}


def make(
    folder: Path, encoder: Encoder, orders: dict[int, str], keep: str | None, done: int = 0, patience: int | None = None
):
    """An evaluation every 2 steps whose Spearman follows from the step: 1 for rising, 0.5 for bent, -1 for falling."""
    seen: dict[int, dict[str, float]] = {}
    step = 0

    def embed(texts: Sequence[str], role: Role) -> FloatArray:
        return np.array([embedding(orders[step])[text] for text in texts], dtype=np.float32)

    section = During(suite="toy", every=2, keep_best_by=keep, patience=patience)
    stops: list[str] = []
    scorer = DuringEvaluation(
        section,
        [STS("toy", PAIRS)],
        lambda: embed,
        encoder,
        folder,
        Ranks(),
        done,
        lambda at, scores: seen.update({at: scores}),
        stop=stops.append,
    )

    def run(first: int, last: int) -> None:
        nonlocal step
        for step in range(first, last + 1):
            mark(encoder, step)
            scorer(StepLog(step, 7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
            if stops:
                break

    def catch_up(done: int) -> None:
        nonlocal step
        step = done
        scorer.catch_up(done, 7)

    return Run(run, catch_up, stops), seen


@dataclass
class Run:
    """Steps of a run, and what begins one that goes on."""

    steps: Callable[[int, int], None]
    catch_up: Callable[[int], None]
    stops: list[str]  # why the run was to end

    def __call__(self, first: int, last: int) -> None:
        self.steps(first, last)


def mark(encoder: Encoder, step: int) -> None:
    with torch.no_grad():
        encoder.backbone.encoder.layer[0].output.dense.bias.fill_(step)


def mark_of(encoder: Encoder) -> float:
    return encoder.backbone.encoder.layer[0].output.dense.bias[0].item()


ORDERS = {2: "bent", 4: "rising", 6: "falling", 7: "bent"}


def test_scores_are_taken_every_so_many_steps_and_at_the_end(tmp_path: Path) -> None:
    run, seen = make(tmp_path, tiny_encoder(), ORDERS, keep=None)
    run(1, 7)
    assert {step: scores["toy/spearman"] for step, scores in seen.items()} == pytest.approx(
        {2: 0.5, 4: 1, 6: -1, 7: 0.5}
    )
    lines = [json.loads(line) for line in (tmp_path / "evaluations.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 7]
    assert not (tmp_path / "best").exists()


def test_the_best_model_is_kept_and_taken_at_the_end(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    run, _ = make(tmp_path, encoder, ORDERS, keep="toy/spearman")
    run(1, 7)
    assert json.loads((tmp_path / "best/best.json").read_text()) == {
        "step": 4, "score": pytest.approx(1.0), "by": "toy/spearman",
    }  # fmt: skip
    assert mark_of(open_encoder(tmp_path / "best/model")) == 4
    take_best(encoder, tmp_path, "toy/spearman", Ranks())
    assert mark_of(encoder) == 4


def test_a_resumed_run_knows_the_best_of_its_first_part(tmp_path: Path) -> None:
    run, _ = make(tmp_path, tiny_encoder(), ORDERS, keep="toy/spearman")
    run(1, 5)
    run, _ = make(tmp_path, tiny_encoder(), ORDERS, keep="toy/spearman", done=3)
    run(4, 7)
    assert json.loads((tmp_path / "best/best.json").read_text())["step"] == 4
    lines = [json.loads(line) for line in (tmp_path / "evaluations.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 7]


@pytest.mark.parametrize(
    "text", ["", "7", "[" * 100_000, '{"by": "toy/spearman"}', '{"by": "toy/spearman", "score": []}']
)
def test_a_damaged_score_of_the_best_model_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best/best.json").write_text(text)
    with pytest.raises(DataError, match=r"best/best\.json cannot be read as the score of the best model"):
        take_best(tiny_encoder(), tmp_path, "toy/spearman", Ranks())


def test_without_a_best_model_the_last_weights_stay(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    mark(encoder, 9)
    take_best(encoder, tmp_path, "toy/spearman", Ranks())
    assert mark_of(encoder) == 9


def test_the_best_by_another_metric_is_not_taken_and_not_measured_against(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    run, _ = make(tmp_path, encoder, ORDERS, keep="toy/spearman")
    run(1, 5)
    for name in (None, "toy/pearson"):
        take_best(encoder, tmp_path, name, Ranks())
        assert mark_of(encoder) == 5
    run, _ = make(tmp_path, encoder, ORDERS, keep="toy/pearson", done=5)
    run(6, 7)
    best = json.loads((tmp_path / "best/best.json").read_text())
    assert (best["step"], best["by"]) == (7, "toy/pearson")


def test_a_score_that_is_no_number_is_never_the_best(tmp_path: Path) -> None:
    run, seen = make(tmp_path, tiny_encoder(), {2: "flat", 4: "bent", 6: "flat", 7: "flat"}, keep="toy/spearman")
    run(1, 3)
    assert math.isnan(seen[2]["toy/spearman"])
    assert not (tmp_path / "best").exists()
    run(4, 7)
    assert json.loads((tmp_path / "best/best.json").read_text())["step"] == 4


def test_an_evaluation_that_a_kill_cut_short_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_encoder()
    run, _ = make(tmp_path, encoder, ORDERS, keep="toy/spearman")
    run(1, 3)
    with monkeypatch.context() as patch:
        patch.setattr(Log, "add", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))  # the best is kept by then
        with pytest.raises(KeyboardInterrupt):
            run(4, 4)
    assert mark_of(open_encoder(tmp_path / "best/model")) == 4
    run, seen = make(tmp_path, encoder, ORDERS, keep="toy/spearman", done=4)
    run.catch_up(4)
    assert list(seen) == [4]
    run.catch_up(4)  # it is known by now
    run(5, 7)
    lines = [json.loads(line) for line in (tmp_path / "evaluations.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 7]
    assert json.loads((tmp_path / "best/best.json").read_text())["step"] == 4


@pytest.mark.parametrize(("done", "scored"), [(0, []), (3, []), (4, [4]), (7, [7])])
def test_only_an_evaluation_that_was_due_is_made_up_for(done: int, scored: list[int], tmp_path: Path) -> None:
    run, seen = make(tmp_path, tiny_encoder(), ORDERS, keep=None, done=done)
    run.catch_up(done)
    assert list(seen) == scored


def test_a_metric_that_no_task_has_is_named(tmp_path: Path) -> None:
    run, _ = make(tmp_path, tiny_encoder(), ORDERS, keep="toy/kendall")
    with pytest.raises(
        RecipeError, match=r"keep_best_by: found 'toy/kendall'. It takes one of toy/spearman, toy/pearson"
    ):
        run(2, 2)


BENT = {2: "bent", 4: "falling", 6: "bent", 7: "rising"}  # 0.5, -1, 0.5: an equal score is no gain
WHY = "Stopped early after step 6 of 7: toy/spearman has not gained in 2 scorings since step 2, where it was 50.00."


def test_a_run_ends_after_so_many_scorings_without_a_gain_and_says_why(tmp_path: Path) -> None:
    run, seen = make(tmp_path, tiny_encoder(), BENT, keep="toy/spearman", patience=2)
    run(1, 7)
    assert (list(seen), run.stops) == ([2, 4, 6], [WHY])
    assert json.loads((tmp_path / "best/best.json").read_text())["step"] == 2


def test_a_gain_begins_the_count_anew(tmp_path: Path) -> None:
    run, seen = make(tmp_path, tiny_encoder(), {2: "bent", 4: "falling", 6: "rising", 7: "bent"}, "toy/spearman", 0, 2)
    run(1, 7)
    assert (list(seen), run.stops) == ([2, 4, 6, 7], [])


@pytest.mark.parametrize(("done", "first"), [(3, 4), (4, 5), (5, 6)])
def test_a_resumed_run_counts_on(done: int, first: int, tmp_path: Path) -> None:
    run, _ = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", 0, 2)
    run(1, 5)
    run, _ = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", done, 2)
    run.catch_up(done)
    assert run.stops == []
    run(first, 7)
    assert run.stops == [WHY]


def test_a_run_that_has_ended_early_is_done_unless_it_is_given_more_patience(tmp_path: Path) -> None:
    run, _ = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", 0, 2)
    run(1, 7)
    for patience, stops in ((2, [WHY]), (3, [])):
        again, seen = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", 6, patience)
        again.catch_up(6)
        assert (again.stops, seen) == (stops, {})


def test_a_kill_in_the_scoring_that_ends_a_run_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", 0, 2)
    run(1, 5)
    with monkeypatch.context() as patch:
        patch.setattr(Log, "add", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(6, 6)
    run, seen = make(tmp_path, tiny_encoder(), BENT, "toy/spearman", 6, 2)
    run.catch_up(6)
    assert (list(seen), run.stops) == ([6], [WHY])


NOISE = np.random.default_rng(5).normal(scale=0.3, size=(9, 200))


def counted(folder: Path, means: Sequence[float], *, beyond_noise: bool, done: int = 0) -> list[str]:
    """Hand scorings of 200 items to a count of patience 2, and return what it says after each."""
    section = During(tasks=("t",), every=1, keep_best_by="t/m", patience=2, beyond_noise=beyond_noise)
    patience, log = Patience(section, folder, done), Log(folder / "evaluations.jsonl", done)
    said = []
    for step, mean in enumerate(means[done:], start=done + 1):
        values = mean + NOISE[step] - NOISE[step].mean()
        patience.note(step, {"t": MeanSample({"m": values})})
        log.add({"step": step, "t/m": float(values.mean())})
        said.append(patience.is_over(step, 99))
    return said


def test_only_a_gain_beyond_its_noise_counts_where_that_is_asked(tmp_path: Path) -> None:
    for name in ("plain", "beyond"):
        (tmp_path / name).mkdir()
    small = [0.5, 0.51, 0.52]
    assert counted(tmp_path / "plain", small, beyond_noise=False) == ["", "", ""]
    assert counted(tmp_path / "beyond", small, beyond_noise=True) == ["", "", (
        "Stopped early after step 3 of 99: t/m has not gained beyond the noise of its interval in 2 scorings since "
        "step 1, where it was 50.00."
    )]  # fmt: skip


def test_gains_that_are_small_alone_count_together_also_after_a_resume(tmp_path: Path) -> None:
    means = [0.5, 0.54, 0.6, 0.64, 0.7]
    assert counted(tmp_path, means, beyond_noise=True) == [""] * 5
    assert {file.stem for file in (tmp_path / "gains").iterdir()} == {"step-1", "step-3", "step-5"}
    assert counted(tmp_path, [*means[:3], 0.6, 0.6], beyond_noise=True, done=3)[-1].endswith(
        "step 3, where it was 60.00."
    )
    assert {file.stem for file in (tmp_path / "gains").iterdir()} == {"step-1", "step-3"}


@pytest.mark.parametrize(("name", "better"), [("g/alignment", 0.1), ("s/spearman", 0.3)])
def test_less_is_better_where_a_metric_says_so(name: str, better: float) -> None:
    assert is_better(better, 0.2, name)
    assert not is_better(0.2, better, name)
    assert not is_better(0.2, 0.2, name)
    assert is_better(0.2, math.nan, name)
    assert not is_better(math.nan, 0.2, name)
