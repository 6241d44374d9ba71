import pytest
import torch

from tests.objectives.batches import embedded
from textcl.objectives.vicreg import EPSILON, VICReg, squared_covariance, variance_hinge
from textcl.types.text import Role


def naive_covariance(first: list[float], second: list[float]) -> float:
    """Of two dimensions, unbiased."""
    a, b = sum(first) / len(first), sum(second) / len(second)
    return sum((x - a) * (y - b) for x, y in zip(first, second, strict=True)) / (len(first) - 1)


def naive(views: list[torch.Tensor], invariance: float, variance: float, covariance: float) -> float:
    """Dimension by dimension, in plain Python."""
    first, second = (view.T.tolist() for view in views)
    squares = [(x - y) ** 2 for a, b in zip(first, second, strict=True) for x, y in zip(a, b, strict=True)]
    total = invariance * sum(squares) / len(squares)
    for view in (first, second):
        for i, a in enumerate(view):
            deviation = (naive_covariance(a, a) + EPSILON) ** 0.5
            total += variance * max(0.0, 1 - deviation) / len(view)
            total += covariance * sum(naive_covariance(a, b) ** 2 for j, b in enumerate(view) if j != i) / len(view)
    return total


@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_loss_equals_a_naive_loop_on_projections(weights: tuple[float, float, float]) -> None:
    torch.manual_seed(0)
    batch = embedded(6)
    objective = VICReg(5, 4, *weights).double()
    projections = [objective.projector(view).detach() for view in batch.views]
    assert objective(batch).item() == pytest.approx(naive(projections, *weights), abs=1e-12)


def test_the_weights_of_the_paper_are_the_defaults() -> None:
    objective = VICReg(5)
    assert (objective.invariance, objective.variance, objective.covariance) == (25, 25, 1)


def test_a_dimension_that_varies_enough_costs_nothing() -> None:
    assert variance_hinge(torch.tensor([[2.0], [-2.0]])).item() == 0
    assert variance_hinge(torch.tensor([[1.0], [1.0]])).item() == pytest.approx(1 - EPSILON**0.5)


def test_collapsed_projections_have_a_finite_gradient() -> None:
    projected = torch.zeros(4, 3, requires_grad=True)
    variance_hinge(projected).backward()
    assert projected.grad is not None
    assert projected.grad.isfinite().all()


def test_only_different_dimensions_pay_for_varying_together() -> None:
    assert squared_covariance(torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])).item() == 0
    together = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # both covariances are 2
    assert squared_covariance(together).item() == pytest.approx((4 + 4) / 2)


@pytest.mark.parametrize("weight", ["invariance", "variance", "covariance"])
def test_a_negative_weight_is_refused_by_name(weight: str) -> None:
    with pytest.raises(ValueError, match=f"{weight}: found -1.0"):
        VICReg(5, **{weight: -1.0})


def test_two_positives_are_refused() -> None:
    with pytest.raises(ValueError, match="VICReg takes 1 anchor, 1 positive"):
        VICReg(5).check([Role.ANCHOR, Role.POSITIVE, Role.POSITIVE], scored=False, labelled=False)
