import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.objectives.batches import embedded
from tests.objectives.collapse import WIDTH, spread, trained
from textcl.objectives.sim_siam import SimSiam
from textcl.types.text import Role
from textcl.util.seeds import seeded


def made() -> SimSiam:
    torch.manual_seed(0)
    return SimSiam(5, projection=8, bottleneck=2).double()


def test_loss_is_the_negative_cosine_in_the_mean_of_both_directions() -> None:
    objective, batch = made(), embedded(6)
    p1, p2 = (objective.predictor(objective.projector(view)) for view in batch.views)
    z1, z2 = (objective.projector(target) for target in batch.targets)
    expected = -(F.cosine_similarity(p1, z2).mean() + F.cosine_similarity(p2, z1).mean()) / 2
    assert objective(batch).item() == pytest.approx(expected.item(), abs=1e-12)


def test_gradient_stops_at_the_projections_of_the_targets() -> None:
    objective, batch = made(), embedded(6)
    p1, p2 = (objective.predictor(objective.projector(view)) for view in batch.views)
    z1, z2 = (objective.projector(target).detach() for target in batch.targets)
    stopped = -(F.cosine_similarity(p1, z2).mean() + F.cosine_similarity(p2, z1).mean()) / 2
    expected = torch.autograd.grad(stopped, list(objective.parameters()))
    found = torch.autograd.grad(objective(batch), list(objective.parameters()))
    for gradient, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(gradient, wanted, rtol=0, atol=1e-12)


def test_the_projector_ends_in_a_norm_and_the_predictor_does_not() -> None:
    objective = made()
    assert isinstance(objective.projector[-1], nn.BatchNorm1d)
    assert isinstance(objective.predictor[-1], nn.Linear)


def test_no_moving_average_is_asked_for() -> None:
    assert made().momentum is None


def test_negatives_are_refused() -> None:
    with pytest.raises(ValueError, match="SimSiam takes 1 anchor, 1 or more positive"):
        made().check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)


def test_a_bottleneck_without_units_is_refused() -> None:
    with pytest.raises(ValueError, match="bottleneck: found 0"):
        SimSiam(5, bottleneck=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_control_embeddings_collapse_without_the_predictor(seed: int) -> None:
    spreads = []
    for predicts in (True, False):
        with seeded(seed):
            objective = SimSiam(WIDTH, projection=WIDTH, bottleneck=WIDTH)
        objective.projector = nn.Identity()
        if not predicts:
            objective.predictor = nn.Identity()
        spreads.append(spread(trained(objective, seed, noise=1.0)))
    healthy, sabotaged = spreads
    assert healthy > 0.5
    assert sabotaged < 0.05
