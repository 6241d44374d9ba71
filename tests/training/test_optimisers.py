"""Optimisers by name: Lion and Muon by hand, weights in bf16, and runs that go on bit for bit."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.recipe.minimal import errors_of, minimal
from tests.toy import ToyEncoder, share, toy_batch
from textcl.distributed import Ranks
from textcl.objectives.info_nce import InfoNCE
from textcl.recipe.load import optimiser_of, parse
from textcl.training.gradient_cache import Memory
from textcl.training.loop import Loop, TrainingSettings
from textcl.training.optimisers import Lion, Muon, held_as_they_are, maker_of, rounded_at_random
from textcl.training.step import Step, make_optimiser, set_learning_rate
from textcl.training.target import OnlineTarget
from textcl.types.batches import IntArray, PairBatch
from textcl.util.seeds import seeded

NAMES = ("AdamW", "Adafactor", "Lion", "Muon", "torch.optim:SGD", "torch.optim:NAdam", "torch.optim:Adagrad")


class ToyBatches:
    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        return share(toy_batch(8, seed=step), rank, ranks)

    def rows(self, step: int) -> IntArray:
        return np.arange(8, dtype=np.int64)

    def location(self, row: int) -> str:
        return f"row {row}"


def made(use: str, encoder: nn.Module, **settings: Any) -> Callable[[list[dict[str, Any]]], Any]:
    cls, given = optimiser_of(parse(minimal(training={"steps": 1, "optimiser": {"use": use, **settings}})))
    return maker_of(cls, given, encoder.modules())


def loop_of(folder: Path, use: str, steps: int, half: bool = False) -> Loop:
    folder.mkdir(exist_ok=True)
    encoder = ToyEncoder(dropout=0.2).float()
    if half:
        for weight in encoder.parameters():
            weight.data = weight.data.bfloat16()
    step = Step(encoder, InfoNCE(learns_temperature=True), OnlineTarget(), Ranks(), seed=1, memory=Memory(32, 64))
    settings = TrainingSettings(steps, 1e-2, save_every=2, optimiser=made(use, encoder))
    return Loop(step, ToyBatches(), settings, folder, [])


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("use", NAMES)
def test_a_run_goes_on_bit_for_bit(use: str, half: bool, tmp_path: Path) -> None:
    whole, broken = loop_of(tmp_path / "whole", use, 4, half), loop_of(tmp_path / "broken", use, 4, half)
    began = copy.deepcopy(whole.step.encoder.state_dict())
    whole.run()
    broken.on_step = [stop_at_three]
    with pytest.raises(KeyboardInterrupt):
        broken.run()
    resumed = loop_of(tmp_path / "broken", use, 4, half)
    assert resumed.resume() == 2
    resumed.run(2)
    own, other = whole.step.encoder.state_dict(), resumed.step.encoder.state_dict()
    assert all(torch.equal(value, other[name]) for name, value in own.items())
    assert not any(torch.equal(value, began[name]) for name, value in own.items())
    assert {value.dtype for value in own.values()} == {torch.bfloat16 if half else torch.float32}


def stop_at_three(entry: Any) -> None:
    if entry.step == 3:
        raise KeyboardInterrupt


def test_adam_w_by_name_is_the_default_to_the_bit() -> None:
    ours, theirs = nn.Linear(3, 4), nn.Linear(3, 4)
    theirs.load_state_dict(ours.state_dict())
    for module, make in ((ours, made("AdamW", ours)), (theirs, None)):
        optimiser = make_optimiser(module.parameters(), weight_decay=0.1, make=make)
        for _ in range(3):
            set_learning_rate(optimiser, 1e-2)
            module(torch.ones(2, 3)).square().sum().backward()
            optimiser.step()
    assert torch.equal(ours.weight, theirs.weight)


def test_lion_follows_the_sign_of_its_momentum() -> None:
    weight = nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    optimiser = Lion([weight], lr=0.1, betas=(0.9, 0.5), weight_decay=0.5)
    weight.grad = torch.tensor([4.0, -1.0, 0.0])
    optimiser.step()  # momentum 0: the sign of the gradient; each weight decays by 0.1 · 0.5 first
    torch.testing.assert_close(weight.data, torch.tensor([0.95 - 0.1, -1.9 + 0.1, 2.85]))
    weight.grad = torch.tensor([-1.0, -1.0, 1.0])  # momentum (2, -0.5, 0); 0.9 · 2 - 0.1 > 0
    optimiser.step()
    torch.testing.assert_close(weight.data, torch.tensor([0.85 * 0.95 - 0.1, -1.8 * 0.95 + 0.1, 2.85 * 0.95 - 0.1]))


def test_muon_moves_layers_by_orthogonal_steps_and_the_rest_as_adam_w() -> None:
    with seeded(1):
        encoder = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 8))
        head = nn.Linear(8, 2)
    before = copy.deepcopy(encoder.state_dict()), copy.deepcopy(head.state_dict())
    optimiser = make_optimiser(encoder.parameters(), head.parameters(), weight_decay=0.0, make=made("Muon", encoder))
    set_learning_rate(optimiser, 0.1)
    with seeded(1):
        for weight in (*encoder.parameters(), *head.parameters()):
            weight.grad = torch.randn_like(weight)
    optimiser.step()
    step = encoder[1].weight - before[0]["1.weight"]  # (8, 4)
    lengths = torch.linalg.svdvals(step) / (0.1 * 0.2 * 8**0.5)  # as large as a step of AdamW
    assert lengths.min() > 0.6
    assert lengths.max() < 1.3
    for found, began in (
        (encoder[1].bias, before[0]["1.bias"]),
        (encoder[0].weight, before[0]["0.weight"]),
        (head.weight, before[1]["weight"]),
    ):
        torch.testing.assert_close((found - began).abs(), torch.full_like(found, 0.1), atol=1e-4, rtol=0)


def test_rounding_at_random_keeps_the_mean_and_takes_neighbours_only() -> None:
    value = torch.full((20_000,), 1 + 2**-9)  # a quarter of the way from 1 to the next number of bf16
    with seeded(1):
        rounded = rounded_at_random(value).float()
    assert set(rounded.tolist()) == {1.0, 1 + 2**-7}
    assert rounded.mean() == pytest.approx(1 + 2**-9, abs=2e-4)
    exact = torch.tensor([0.0, -1.0, 1.5, float("inf")])
    assert torch.equal(rounded_at_random(exact).float(), exact)


def test_steps_too_small_for_bf16_add_up_where_plain_rounding_loses_them() -> None:
    held, plain = (nn.Parameter(torch.ones(4000, dtype=torch.bfloat16)) for _ in range(2))
    ours = held_as_they_are(lambda groups: torch.optim.SGD(groups, lr=1e-3), [{"params": [held]}])
    theirs = torch.optim.SGD([plain], lr=1e-3)
    with seeded(1):
        for _ in range(100):
            for weight, optimiser in ((held, ours), (plain, theirs)):
                optimiser.zero_grad()
                weight.float().sum().backward()
                optimiser.step()
    assert held.float().mean().item() == pytest.approx(0.9, abs=2e-3)
    assert plain.float().mean().item() == 1.0


def test_what_an_optimiser_remembers_of_bf16_weights_is_float32() -> None:
    layer = nn.Linear(4, 4).bfloat16()
    optimiser = make_optimiser(layer.parameters(), weight_decay=0.1, make=made("AdamW", layer))
    layer(torch.ones(2, 4, dtype=torch.bfloat16)).float().sum().backward()
    set_learning_rate(optimiser, 1e-2)
    optimiser.step()
    state = optimiser.state_dict()["state"]
    assert {value.dtype for each in state.values() for value in each.values()} == {torch.float32}
    assert {weight.dtype for weight in layer.parameters()} == {torch.bfloat16}
    optimiser.zero_grad(set_to_none=False)
    assert all(weight.grad.abs().max() == 0 for weight in layer.parameters())


@pytest.mark.parametrize(
    ("optimiser", "error"),
    [
        ({"use": "Adam"}, "training.optimiser.use: there is no optimiser 'Adam'. textcl has Adafactor, AdamW, Lion, "
         "Muon; torch.optim:NAME is one of torch. Did you mean 'AdamW'?"),
        ({"use": "os:system"}, "training.optimiser.use: there is no optimiser 'os:system'. textcl has Adafactor, "
         "AdamW, Lion, Muon; torch.optim:NAME is one of torch."),
        ({"use": "AdamW", "beta": 0.9}, "training.optimiser.beta: AdamW has no such setting. It takes betas, eps, "
         "amsgrad. Did you mean 'betas'?"),
        ({"use": "Lion", "lr": 0.1}, "training.optimiser.lr: Lion has no such setting. It takes betas. Set "
         "training.learning_rate instead."),
        ({"use": "AdamW", "betas": [0.9, 2.0]}, "training.optimiser.betas: found [0.9, 2.0], but AdamW refuses it "
         "(Invalid beta parameter at index 1: 2.0)."),
        ({"use": "Lion", "betas": [0.9, 1]}, "training.optimiser.betas: found [0.9, 1], but Lion refuses it (betas "
         "must be two numbers from 0 to below 1, not (0.9, 1.0))."),
        ({"use": "Muon", "momentum": 1}, "training.optimiser.momentum: found 1, but Muon refuses it (momentum must be "
         "from 0 to below 1, not 1.0)."),
        ({"use": "torch.optim:Rprop"}, "training.weight_decay: found 0.01, but torch.optim:Rprop lets no weight "
         "decay; set it to 0."),
    ],
)  # fmt: skip
def test_a_bad_optimiser_is_one_line(optimiser: dict[str, Any], error: str, tmp_path: Path) -> None:
    assert errors_of(tmp_path, minimal(training={"steps": 3, "optimiser": optimiser})) == [error]


def test_muon_takes_a_group_of_vectors_alone() -> None:
    weight = nn.Parameter(torch.ones(3))
    assert len(Muon([{"params": [weight]}]).parts) == 1
