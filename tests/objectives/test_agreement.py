import math

import pytest
import torch

from tests.objectives.batches import embedded
from textcl.objectives.heads import agreement


def naive(predictions: tuple[torch.Tensor, ...], targets: tuple[torch.Tensor, ...]) -> float:
    """View by view, row by row, in plain Python."""
    cosines = []
    for a, prediction in enumerate(predictions):
        for b, target in enumerate(targets):
            if a != b:
                for p, t in zip(prediction.tolist(), target.tolist(), strict=True):
                    product = sum(x * y for x, y in zip(p, t, strict=True))
                    cosines.append(product / math.hypot(*p) / math.hypot(*t))
    return sum(cosines) / len(cosines)


@pytest.mark.parametrize("views", [2, 3])
def test_agreement_equals_a_naive_loop(views: int) -> None:
    batch = embedded(4, positives=views - 1, width=3)
    expected = naive(batch.views, batch.targets)
    assert agreement(batch.views, batch.targets).item() == pytest.approx(expected, abs=1e-12)


def test_a_view_never_meets_its_own_target() -> None:
    east, north = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert agreement([east, north], [east, north]).item() == 0
    assert agreement([east, north], [north, east]).item() == 1
