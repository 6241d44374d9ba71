import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.objectives.batches import embedded
from tests.objectives.collapse import byol, spread, trained
from textcl.objectives.byol import BYOL
from textcl.types.text import Role


def made(momentum: float = 0.9) -> BYOL:
    torch.manual_seed(0)
    return BYOL(5, hidden=7, projection=3, momentum=momentum).double()


def moved(objective: BYOL) -> BYOL:
    """With an online projector that has gone another way than the target's."""
    with torch.no_grad():
        for parameter in objective.projector.parameters():
            parameter.add_(torch.randn_like(parameter))
    return objective


def squared_distance(predictions: torch.Tensor, targets: torch.Tensor) -> float:
    """Between unit vectors, row by row."""
    rows = zip(predictions, targets, strict=True)
    return sum((p / p.norm() - t / t.norm()).square().sum().item() for p, t in rows) / len(predictions)


def test_loss_is_the_squared_distance_of_unit_vectors_in_the_mean_of_both_directions() -> None:
    objective, batch = moved(made()), embedded(6)
    there, back = (objective.predictor(objective.projector(view)) for view in batch.views)
    first, second = (objective.target_projector(target) for target in batch.targets)
    expected = (squared_distance(there, second) + squared_distance(back, first)) / 2
    assert objective(batch).item() == pytest.approx(expected, abs=1e-12)


def test_loss_without_heads_is_2_minus_2_cosines_worked_out_by_hand() -> None:
    objective = made()
    objective.projector = objective.target_projector = objective.predictor = nn.Identity()
    batch = embedded(2)
    cosines = [F.cosine_similarity(batch.views[a], batch.targets[1 - a], dim=1) for a in (0, 1)]
    assert objective(batch).item() == pytest.approx(2 - 2 * torch.cat(cosines).mean().item(), abs=1e-12)


def test_targets_and_their_projector_take_no_gradient() -> None:
    objective, batch = made(), embedded(6)
    leaves = [tensor.requires_grad_() for tensor in (*batch.views, *batch.targets)]
    objective(batch).backward()
    assert all(leaf.grad is not None for leaf in leaves[:2])
    assert all(leaf.grad is None for leaf in leaves[2:])
    assert not any(parameter.requires_grad for parameter in objective.target_projector.parameters())


def test_the_target_never_passes_the_predictor() -> None:
    objective, batch, seen = made(), embedded(6), []
    objective.predictor.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    objective(batch)
    assert len(seen) == len(batch.views)
    assert all(torch.equal(given, objective.projector(view)) for given, view in zip(seen, batch.views, strict=True))


def test_the_target_projector_starts_equal_and_keeps_the_share_momentum_in_a_step() -> None:
    objective = made(momentum=0.9)
    start = [parameter.clone() for parameter in objective.projector.parameters()]
    assert all(map(torch.equal, start, objective.target_projector.parameters()))
    moved(objective).after_step(embedded(6))
    triples = zip(start, objective.projector.parameters(), objective.target_projector.parameters(), strict=True)
    for before, online, target in triples:
        torch.testing.assert_close(target, 0.9 * before + 0.1 * online)


def test_the_encoder_is_asked_for_a_moving_average_of_the_same_momentum() -> None:
    assert made(momentum=0.85).momentum == 0.85


@pytest.mark.parametrize("momentum", [1.0, -0.1])
def test_a_momentum_outside_its_range_is_refused(momentum: float) -> None:
    with pytest.raises(ValueError, match=r"momentum: found .* 0 or more, and below 1"):
        made(momentum)


def test_negatives_are_refused() -> None:
    made().check([Role.ANCHOR, Role.POSITIVE, Role.POSITIVE], scored=False, labelled=False)
    with pytest.raises(ValueError, match="BYOL takes 1 anchor, 1 or more positive"):
        made().check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)


@pytest.mark.parametrize("seed", [0, 1])
def test_control_embeddings_collapse_without_the_predictor(seed: int) -> None:
    healthy = trained(byol(seed, predicts=True, projects=False), seed, noise=1.0)
    sabotaged = trained(byol(seed, predicts=False, projects=False), seed, noise=1.0)
    assert spread(healthy) > 0.5
    assert spread(sabotaged) < 0.05


@pytest.mark.parametrize("seed", [0, 1])
def test_control_behind_a_projector_the_projections_collapse_and_the_embeddings_do_not(seed: int) -> None:
    whole, without = (byol(seed, predicts=predicts, projects=True) for predicts in (True, False))
    healthy, sabotaged = trained(whole, seed, noise=1.0), trained(without, seed, noise=1.0)
    assert spread(whole.projector(healthy)) > 0.5
    assert spread(without.projector(sabotaged)) < 0.05
    assert spread(sabotaged) > 0.5
