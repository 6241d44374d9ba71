"""Training in fp16: small gradients survive by the scale of the loss, large ones move no weight."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.tiny import sentence_batch, tiny_encoder
from tests.toy import flat_gradient
from textcl.distributed import Ranks
from textcl.errors import DivergedError
from textcl.objectives.composed import Sum
from textcl.objectives.info_nce import InfoNCE
from textcl.training.gradient_cache import Memory
from textcl.training.loop import Loop, TrainingSettings
from textcl.training.step import LossScale, Step
from textcl.training.target import OnlineTarget
from textcl.types.batches import IntArray, PairBatch
from textcl.types.text import Role
from textcl.util.precision import Precision

PAIR = (Role.ANCHOR, Role.POSITIVE)


def step_in(precision: Precision, weight: float = 1.0) -> Step:
    encoder = tiny_encoder(dropout=0.0).train()
    objective = Sum([InfoNCE(temperature=0.1)], [weight])
    return Step(encoder, objective, OnlineTarget(), Ranks(), seed=3, memory=Memory(60, 60), precision=precision)


def gradient(step: Step) -> torch.Tensor:
    step.backward(sentence_batch(step.encoder, PAIR), 1)
    return flat_gradient([step.encoder])


@pytest.mark.parametrize("weight", [1.0, 1e-6])
def test_the_gradient_is_that_of_float32_however_small(weight: float) -> None:
    wanted, found = gradient(step_in(Precision.FLOAT32, weight)), gradient(step_in(Precision.FP16, weight))
    assert (found - wanted).norm() < 0.02 * wanted.norm()


def test_control_without_the_scale_a_small_gradient_is_lost() -> None:
    step = step_in(Precision.FP16, 1e-6)
    step.scale = LossScale(1.0)
    wanted = gradient(step_in(Precision.FLOAT32, 1e-6))
    assert (gradient(step) - wanted).norm() > 0.1 * wanted.norm()


class Batches:
    def __init__(self, step: Step) -> None:
        self.whole = sentence_batch(step.encoder, PAIR)

    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        return self.whole

    def rows(self, step: int) -> IntArray:
        return self.whole.rows

    def location(self, row: int) -> str:
        return f"row {row}"


def loop_in(folder: Path, scale: float) -> Loop:
    step = step_in(Precision.FP16)
    step.scale = LossScale(scale)
    folder.mkdir(exist_ok=True)
    return Loop(step, Batches(step), TrainingSettings(steps=4, learning_rate=1e-3, save_every=2), folder, [])


def test_a_step_beyond_fp16_moves_no_weight_and_halves_the_scale(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = loop_in(tmp_path / "run", 2.0**21)
    before = {name: tensor.clone() for name, tensor in loop.step.encoder.state_dict().items()}
    loop.settings = TrainingSettings(steps=1)
    loop.run()
    assert all(torch.equal(value, loop.step.encoder.state_dict()[name]) for name, value in before.items())
    assert loop.step.scale.now == 2.0**20
    assert "Step 1: a gradient is more than fp16 holds" in caplog.text
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text())["gradient_norm"] == 0


def test_a_run_learns_and_goes_on_bit_for_bit_with_its_scale(tmp_path: Path) -> None:
    whole = loop_in(tmp_path / "whole", 2.0**17)
    whole.run()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]
    shutil.copytree(tmp_path / "whole", tmp_path / "again")
    shutil.rmtree(tmp_path / "again" / "checkpoints" / "step-4")
    again = loop_in(tmp_path / "again", 2.0**30)
    again.run(again.resume())
    assert again.step.scale.now == whole.step.scale.now
    for name, value in whole.step.encoder.state_dict().items():
        assert torch.equal(value, again.step.encoder.state_dict()[name])


def test_a_run_that_no_scale_helps_ends(tmp_path: Path) -> None:
    loop = loop_in(tmp_path / "run", 1.5)
    for weight in loop.step.encoder.parameters():
        weight.register_hook(lambda gradient: gradient * float("inf"))
    with pytest.raises(DivergedError, match="more than fp16 holds, whatever the scale"):
        loop.run()
