import pytest
import torch
import torch.nn.functional as F

from tests.objectives.batches import embedded
from textcl.objectives.barlow_twins import EPSILON, BarlowTwins, barlow_twins
from textcl.types.text import Role


def columns(view: torch.Tensor) -> list[list[float]]:
    """Each dimension with mean 0 and variance 1 over the batch, in plain Python."""
    standardised = []
    for column in view.T.tolist():
        mean = sum(column) / len(column)
        variance = sum((x - mean) ** 2 for x in column) / len(column)
        standardised.append([(x - mean) / (variance + EPSILON) ** 0.5 for x in column])
    return standardised


def naive(first: torch.Tensor, second: torch.Tensor, redundancy: float) -> float:
    """Dimension by dimension."""
    total = 0.0
    for i, a in enumerate(columns(first)):
        for j, b in enumerate(columns(second)):
            correlation = sum(x * y for x, y in zip(a, b, strict=True)) / len(a)
            total += (1 - correlation) ** 2 if i == j else redundancy * correlation**2
    return total


@pytest.mark.parametrize("redundancy", [0.0, 5e-3, 1.0])
def test_loss_equals_a_naive_loop(redundancy: float) -> None:
    views = embedded(6).views
    assert barlow_twins(*views, redundancy).item() == pytest.approx(naive(*views, redundancy), abs=1e-12)


def test_standardising_is_that_of_batch_norm() -> None:
    first, second = embedded(6).views
    a, b = (F.batch_norm(view, None, None, training=True) for view in (first, second))
    on_diagonal = (1 - (a * b).mean(dim=0)).square().sum()
    assert barlow_twins(first, second, 0.0).item() == pytest.approx(on_diagonal.item(), abs=1e-12)


def test_loss_is_taken_on_projections() -> None:
    torch.manual_seed(0)
    objective, batch = BarlowTwins(5, projection=4, redundancy=0.1).double(), embedded(6)
    projections = [objective.projector(view).detach() for view in batch.views]
    assert objective(batch).item() == pytest.approx(naive(*projections, 0.1), abs=1e-10)


def test_equal_views_with_uncorrelated_dimensions_have_loss_0() -> None:
    view = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert barlow_twins(view, view, 1.0).item() == pytest.approx(0, abs=1e-9)


def test_equal_views_that_say_one_thing_twice_pay_for_it() -> None:
    view = torch.tensor([[1, 1], [1, 1], [-1, -1], [-1, -1]], dtype=torch.float64)
    assert barlow_twins(view, view, 0.25).item() == pytest.approx(2 * 0.25, abs=1e-4)


def test_collapsed_embeddings_are_the_worst_answer() -> None:
    assert barlow_twins(torch.ones(4, 3), torch.ones(4, 3), 1.0).item() == 3


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"redundancy: found -1.0"):
        BarlowTwins(5, redundancy=-1.0)


def test_two_positives_are_refused() -> None:
    with pytest.raises(ValueError, match="BarlowTwins takes 1 anchor, 1 positive"):
        BarlowTwins(5).check([Role.ANCHOR, Role.POSITIVE, Role.POSITIVE], scored=False, labelled=False)
