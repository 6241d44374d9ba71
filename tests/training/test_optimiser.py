import pytest
import torch
from torch import nn

from textcl.training.step import Schedule, learning_rate, make_optimiser, set_learning_rate


def test_warm_up_rises_to_the_peak_and_the_line_falls_to_zero() -> None:
    rates = [learning_rate(step, 10, 1.0, 0.2, Schedule.LINEAR) for step in range(11)]
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0])


def test_cosine_is_half_way_down_in_the_middle() -> None:
    assert learning_rate(50, 100, 2.0, 0.0, Schedule.COSINE) == pytest.approx(1.0)
    assert learning_rate(25, 100, 2.0, 0.0, Schedule.COSINE) == pytest.approx(1 + 0.5**0.5)


def test_norms_and_biases_do_not_decay() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Embedding(5, 4))
    optimiser = make_optimiser(module.parameters(), weight_decay=0.1)
    decay = {id(p): group["weight_decay"] for group in optimiser.param_groups for p in group["params"]}
    assert {name: decay[id(p)] for name, p in module.named_parameters()} == {
        "0.weight": 0.1, "0.bias": 0.0, "1.weight": 0.0, "1.bias": 0.0, "2.weight": 0.1,
    }  # fmt: skip


def test_frozen_parameters_are_left_out() -> None:
    module = nn.Linear(3, 4)
    module.weight.requires_grad_(False)
    groups = make_optimiser(module.parameters(), weight_decay=0.1).param_groups
    assert [p is module.bias for group in groups for p in group["params"]] == [True]


def test_it_moves_as_torch_adamw_does() -> None:
    ours, theirs = nn.Linear(3, 4), nn.Linear(3, 4)
    theirs.load_state_dict(ours.state_dict())
    optimiser = make_optimiser(ours.parameters(), weight_decay=0.0)
    reference = torch.optim.AdamW(theirs.parameters(), lr=1e-2, weight_decay=0.0)
    optimiser.param_groups[0]["lr"] = optimiser.param_groups[1]["lr"] = 1e-2
    for module, moved in ((ours, optimiser), (theirs, reference)):
        module(torch.ones(2, 3)).square().sum().backward()
        moved.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_the_objective_has_a_rate_of_its_own() -> None:
    encoder, objective = nn.Linear(2, 2), nn.Linear(2, 2)
    optimiser = make_optimiser(encoder.parameters(), objective.parameters(), weight_decay=0.1, objective_factor=20.0)
    set_learning_rate(optimiser, 1e-3)
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert {rates[id(p)] for p in encoder.parameters()} == {1e-3}
    assert {rates[id(p)] for p in objective.parameters()} == {0.02}
