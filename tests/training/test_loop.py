"""The loop on a toy encoder: it learns, it stops, it goes on bit for bit, it survives damage."""

import errno
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.contracts.objectives import CASES, target_of
from tests.toy import WIDTH, ToyEncoder, share, toy_batch
from textcl.distributed import Ranks
from textcl.errors import DataError, DivergedError, ModelError, RecipeError, TrainingError, WriteError
from textcl.objectives.composed import BySource
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.sim_clr import SimCLR
from textcl.training.checkpoint import Log, first_readings
from textcl.training.gradient_cache import Memory
from textcl.training.loop import Loop, Stopped, TrainingSettings
from textcl.training.step import Step
from textcl.types.batches import EmbeddedBatch, IntArray, PairBatch
from textcl.types.objective import Objective
from textcl.types.protocols import StepLog
from textcl.util.seeds import seeded

STEPS = 6


class ToyBatches:
    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        return share(toy_batch(8, seed=step), rank, ranks)

    def rows(self, step: int) -> IntArray:
        return np.arange(8, dtype=np.int64) + 10 * step

    def location(self, row: int) -> str:
        return f"row {row}"


def make_loop(folder: Path, on_step=lambda entry: None, objective: Objective | None = None, **settings: object) -> Loop:
    folder.mkdir(exist_ok=True)
    encoder, objective = ToyEncoder(dropout=0.2), objective or InfoNCE()
    target = target_of(objective, encoder, Ranks(), Memory(32, 64))
    step = Step(encoder, objective, target, Ranks(), seed=1, memory=Memory(32, 64))
    chosen = {"steps": STEPS, "learning_rate": 1e-2, "save_every": 2, **settings}
    return Loop(step, ToyBatches(), TrainingSettings(**chosen), folder, [on_step])


def weights(loop: Loop) -> dict[str, torch.Tensor]:
    return loop.step.encoder.state_dict()


def assert_equal_weights(one: Loop, other: Loop) -> None:
    assert all(torch.equal(value, weights(other)[name]) for name, value in weights(one).items())


def test_loss_falls_on_the_training_rows(tmp_path: Path) -> None:
    losses: list[float] = []
    loop = make_loop(tmp_path, lambda entry: losses.append(entry.loss), steps=60, learning_rate=3e-2, save_every=1000)
    loop.step.encoder.dropout.p = 0.0
    loop.batches.batch = lambda step, rank, ranks: toy_batch(8)
    loop.run()
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_two_runs_give_bit_identical_weights(tmp_path: Path) -> None:
    one, other = make_loop(tmp_path / "one"), make_loop(tmp_path / "other")
    one.run()
    other.run()
    assert_equal_weights(one, other)


@pytest.mark.parametrize("name", ["MoCo with a short queue", "BYOL", "SwAV", "Matryoshka"])
def test_a_run_with_state_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    def loop(folder: str, steps: int) -> Loop:
        with seeded(2):
            objective = CASES[name].make().double()
        return make_loop(tmp_path / folder, objective=objective, steps=steps)

    whole, broken = loop("whole", STEPS), loop("broken", STEPS)
    whole.run()
    broken.on_step = [stop_after(3)]
    with pytest.raises(KeyboardInterrupt):
        broken.run()
    resumed = loop("broken", STEPS)
    done = resumed.resume()
    assert done == 2
    resumed.run(done)
    for part in ("encoder", "objective", "target"):
        own, other = (getattr(run.step, part).state_dict() for run in (whole, resumed))
        assert all(torch.equal(value, other[key]) for key, value in own.items()), part


class TakingTurns(ToyBatches):
    """Batches of two sources by turns."""

    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        return replace(super().batch(step, rank, ranks), source="ab"[step % 2], turn=step // 2)


def taking_turns(folder: Path, **settings: object) -> Loop:
    with seeded(2):
        objective = BySource({name: SimCLR(WIDTH, projection=4) for name in "ab"}).double()
    loop = make_loop(folder, objective=objective, **settings)
    loop.batches = TakingTurns()
    return loop


@pytest.mark.parametrize("stop", [2, 3])
def test_a_run_of_sources_with_heads_of_their_own_goes_on_bit_for_bit(stop: int, tmp_path: Path) -> None:
    whole, broken = taking_turns(tmp_path / "whole"), taking_turns(tmp_path / "broken", save_every=1)
    whole.run()
    broken.on_step = [stop_after(stop)]
    with pytest.raises(KeyboardInterrupt):
        broken.run()
    resumed = taking_turns(tmp_path / "broken")
    assert resumed.resume() == stop
    resumed.run(stop)
    for part in ("encoder", "objective"):
        own, other = (getattr(run.step, part).state_dict() for run in (whole, resumed))
        assert all(torch.equal(value, other[key]) for key, value in own.items()), part


def test_the_heads_of_a_source_stand_still_while_another_has_its_turn(tmp_path: Path) -> None:
    loop = taking_turns(tmp_path)
    seen: list[list[torch.Tensor]] = []
    loop.on_step = [lambda entry: seen.append([p.detach().clone() for p in loop.step.objective.parameters()])]
    loop.run()
    count = len(seen[0]) // 2  # parameters of each head
    for before, after, step in zip(seen, seen[1:], range(1, STEPS), strict=False):
        moved = [not torch.equal(*pair) for pair in zip(before, after, strict=True)]
        assert (any(moved[:count]), any(moved[count:])) == (step % 2 == 0, step % 2 == 1)


def test_the_log_names_the_source_and_the_monitor_reads_each(tmp_path: Path) -> None:
    taking_turns(tmp_path, steps=24).run()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["source"] for line in lines] == ["a", "b"] * 12
    assert [line["step"] for line in lines if line["readings"]] == [1, 2, 21, 22]  # the first and the eleventh of each
    first = first_readings(tmp_path / "log.jsonl", done=24)
    assert first == {"a": lines[0]["readings"], "b": lines[1]["readings"]}


def stop_after(step: int) -> Callable[[StepLog], None]:
    def stop(entry: StepLog) -> None:
        if entry.step == step:
            raise KeyboardInterrupt

    return stop


def test_a_run_stopped_by_ctrl_c_keeps_a_checkpoint_and_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = make_loop(tmp_path / "whole")
    whole.run()

    def interrupt(entry: StepLog) -> None:
        if entry.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped) as stopped:
        make_loop(tmp_path / "broken", interrupt, save_every=100).run()
    assert stopped.value.checkpoint == tmp_path / "broken/checkpoints/step-3"
    resumed = make_loop(tmp_path / "broken", save_every=100)
    done = resumed.resume()
    assert done == 3
    resumed.run(done)
    assert_equal_weights(whole, resumed)


def test_the_log_of_a_resumed_run_holds_every_step_once(tmp_path: Path) -> None:
    make_loop(tmp_path, steps=3, save_every=2).run()
    (tmp_path / "checkpoints/step-3").rename(tmp_path / "gone")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    resumed = make_loop(tmp_path)
    resumed.run(resumed.resume())
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert all(line["tokens_per_second"] > 0 and 0 <= line["padding_share"] < 1 for line in lines)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_loop(tmp_path).run()
    state = tmp_path / "checkpoints/step-6/training.pt"
    state.write_bytes(state.read_bytes()[:-100])
    assert make_loop(tmp_path).resume() == 4
    assert "step-6: training.pt is truncated or changed" in caplog.text


@pytest.mark.parametrize("content", ["null", "7", "[[]]", "{}", "[" * 50_000])
def test_a_checkpoint_with_another_manifest_is_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    make_loop(tmp_path).run()
    (tmp_path / "checkpoints/step-6/manifest.json").write_text(content)
    assert make_loop(tmp_path).resume() == 4
    assert "step-6: manifest.json" in caplog.text


def test_only_damaged_checkpoints_are_an_error(tmp_path: Path) -> None:
    make_loop(tmp_path, keep_checkpoints=1).run()
    (tmp_path / "checkpoints/step-6/manifest.json").unlink()
    with pytest.raises(TrainingError, match=r"every checkpoint is damaged \(manifest\.json cannot be read\)"):
        make_loop(tmp_path).resume()


def test_a_half_written_checkpoint_is_not_seen(tmp_path: Path) -> None:
    make_loop(tmp_path).run()
    (tmp_path / "checkpoints/.step-8.abcd.part").mkdir()
    assert make_loop(tmp_path).resume() == 6


def test_old_checkpoints_make_room(tmp_path: Path) -> None:
    make_loop(tmp_path, save_every=1, keep_checkpoints=3).run()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-4", "step-5", "step-6"]


def test_old_checkpoints_make_room_where_a_kill_came_first(tmp_path: Path) -> None:
    make_loop(tmp_path, save_every=1, keep_checkpoints=4).run()
    assert make_loop(tmp_path, keep_checkpoints=2).resume() == STEPS
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-5", "step-6"]


def test_a_damaged_checkpoint_takes_no_room_of_good_ones(tmp_path: Path) -> None:
    make_loop(tmp_path).run()
    (tmp_path / "checkpoints/step-6/training.pt").unlink()
    resumed = make_loop(tmp_path, steps=5, save_every=1, keep_checkpoints=1)
    resumed.run(resumed.resume())
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-5"]


def test_a_run_that_goes_on_has_the_weight_decay_and_the_rates_that_it_is_given(tmp_path: Path) -> None:
    make_loop(tmp_path, steps=2, objective=SimCLR(WIDTH, projection=4).double()).run()
    changed = {"weight_decay": 0.5, "objective_factor": 100.0}
    resumed = make_loop(tmp_path, objective=SimCLR(WIDTH, projection=4).double(), **changed)
    resumed.resume()
    fresh = make_loop(tmp_path / "other", objective=SimCLR(WIDTH, projection=4).double(), **changed)
    for name in ("weight_decay", "factor"):
        found, wanted = ([group[name] for group in loop.optimiser.param_groups] for loop in (resumed, fresh))
        assert found == wanted
    assert resumed.optimiser.state_dict()["state"]  # the moments of the steps before are there


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        RuntimeError("file write failed: No space left on device"),  # torch's own way
        ModelError("model.safetensors: No space left on device"),
    ],
)
def test_a_full_disk_is_named_and_loses_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object) -> None:
        raise error

    loop = make_loop(tmp_path)
    loop.on_step.append(lambda entry: entry.step == 3 and monkeypatch.setattr(torch, "save", full))
    with pytest.raises(TrainingError, match=r"No space left on device.*make room and go on with --resume"):
        loop.run()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-2"]


class Broken(InfoNCE):
    def forward(self, batch: EmbeddedBatch) -> torch.Tensor:
        return super().forward(batch) * float("nan")


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_rows(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, objective=Broken())
    before = {name: value.clone() for name, value in weights(loop).items()}
    with pytest.raises(TrainingError, match=r"Step 1: the loss is nan. The rows are row 0; .* row 4 and 3 more"):
        loop.run()
    assert all(torch.equal(value, before[name]) for name, value in weights(loop).items())


def test_a_full_gpu_stops_the_run_and_says_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    loop = make_loop(tmp_path)
    loop.on_step.append(lambda entry: entry.step == 3 and monkeypatch.setattr(loop.step, "backward", full))
    with pytest.raises(TrainingError, match=r"Step 4: .*memory.*lower training.live_tokens.*--resume"):
        loop.run()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-2", "step-3"]


def test_a_score_off_its_scale_is_told_with_the_location_of_its_row(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, objective=CosineRegression())
    batch = toy_batch(8)
    batch.scores[3] = 5.0
    loop.batches.batch = lambda step, rank, ranks: batch
    with pytest.raises(DataError, match=r"^row 3: found a score of 5, but CosineRegression takes scores from -1 to 1"):
        loop.run()


def test_rows_whose_embedding_is_not_finite_are_named_alone(tmp_path: Path) -> None:
    loop = make_loop(tmp_path)
    batch = toy_batch(8)
    batch.views[0].tokens.ids[5][:] = 49  # a token that no other row holds
    for view in batch.views:
        for row, ids in enumerate(view.tokens.ids):
            ids[ids == 49] = 49 if row == 5 and view is batch.views[0] else 1
    loop.batches.batch = lambda step, rank, ranks: batch
    with torch.no_grad():
        loop.step.encoder.tokens.weight[49] = float("inf")
    with pytest.raises(TrainingError, match=r"The rows are row 5\. No checkpoint was due.*begin again with --resume"):
        loop.run()
    (tmp_path / "checkpoints/step-2").mkdir(parents=True)
    with pytest.raises(TrainingError, match=r"The last good checkpoint is kept in .*step-2\. .*go on with --resume"):
        loop.run(2)


def test_a_row_that_cannot_be_used_loses_no_step_before_it(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, save_every=100)
    good = loop.batches.batch

    def batch(step: int, rank: int, ranks: int) -> PairBatch:
        if step == 3:
            raise DataError("row 7: found no positive.")
        return good(step, rank, ranks)

    loop.batches.batch = batch
    with pytest.raises(
        DataError,
        match=r"^row 7: found no positive\.\nThe 3 steps before it are kept in .*/checkpoints/step-3: .*--resume",
    ):
        loop.run()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-3"]
    whole, resumed = make_loop(tmp_path / "whole"), make_loop(tmp_path)
    whole.run()
    resumed.run(resumed.resume())
    assert_equal_weights(whole, resumed)


FAILURES = [
    DataError("the suite is gone"),
    RecipeError("no such metric"),
    WriteError(28, "No space left on device", "best"),
    KeyError("of one's own"),
]


@pytest.mark.parametrize("error", FAILURES)
def test_whatever_fails_after_a_step_loses_none(tmp_path: Path, error: Exception) -> None:
    def fail(entry: StepLog) -> None:
        if entry.step == 3:
            raise error

    told = TrainingError if isinstance(error, WriteError) else type(error)
    with pytest.raises(told) as raised:
        make_loop(tmp_path, fail, save_every=100).run()
    said = "".join([str(raised.value), *getattr(raised.value, "__notes__", [])])
    assert f"The 3 steps before it are kept in {tmp_path / 'checkpoints/step-3'}: " in said
    assert make_loop(tmp_path).resume() == 3


def test_weights_that_have_gone_wrong_are_not_kept(tmp_path: Path) -> None:
    def collapse(entry: StepLog) -> None:
        if entry.step == 3:
            raise DivergedError("the embeddings have collapsed")

    with pytest.raises(DivergedError, match=r"^the embeddings have collapsed$"):
        make_loop(tmp_path, collapse, save_every=100).run()
    assert not (tmp_path / "checkpoints").exists()


def test_a_step_that_is_half_done_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = make_loop(tmp_path)

    def fail() -> None:
        raise DataError("half a step")

    loop.on_step.append(lambda entry: entry.step == 3 and monkeypatch.setattr(loop.step.target, "update", fail))
    with pytest.raises(DataError, match=r"^half a step$"):
        loop.run()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-2"]


def test_steps_that_cannot_be_kept_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(entry: StepLog) -> None:
        if entry.step == 3:
            monkeypatch.setattr(torch, "save", full)
            raise DataError("row 7: found no positive.")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(
        DataError, match=r"^row 7: found no positive\.\nThe 3 steps before it are lost, .*No space left"
    ):
        make_loop(tmp_path, fail).run()


def test_a_log_without_room_loses_no_run_and_its_lines_come_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log, real, full = Log(tmp_path / "log.jsonl", 0), Path.open, [True]

    def half_written(path: Path, *arguments: object, **named: object) -> object:
        file = real(path, *arguments, **named)  # type: ignore[call-overload]
        if full[0] and path.name == "log.jsonl" and arguments[:1] == ("a",):
            file.write('{"st')
            file.close()
            raise OSError(errno.ENOSPC, "No space left on device")
        return file

    monkeypatch.setattr(Path, "open", half_written)
    log.add({"step": 1})
    log.add({"step": 2})
    assert (tmp_path / "log.jsonl").read_text() == ""
    full[0] = False
    log.add({"step": 3})
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1}\n{"step": 2}\n{"step": 3}\n'
    assert [record.message.partition(" cannot")[2] for record in caplog.records] == [
        " be written (No space left on device). The run goes on without it."
    ]
