import math

import pytest
import torch

from textcl.objectives.swav import sinkhorn


def naive(scores: list[list[float]], epsilon: float, iterations: int) -> list[list[float]]:
    """Columns and rows of the exponentials scaled by turns, in plain Python."""
    codes = [[math.exp(score / epsilon) for score in row] for row in scores]
    for _ in range(iterations):
        masses = [sum(column) for column in zip(*codes, strict=True)]
        codes = [[code / mass for code, mass in zip(row, masses, strict=True)] for row in codes]
        codes = [[code / sum(row) for code in row] for row in codes]
    return codes


def scores(rows: int, prototypes: int) -> torch.Tensor:
    return torch.rand(rows, prototypes, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("iterations", [1, 3, 10])
def test_codes_equal_a_naive_loop(iterations: int) -> None:
    expected = torch.tensor(naive(scores(7, 4).tolist(), 0.3, iterations), dtype=torch.float64)
    torch.testing.assert_close(sinkhorn(scores(7, 4), 0.3, iterations), expected, rtol=0, atol=1e-12)


def test_rows_sum_to_1_and_every_prototype_gets_its_share() -> None:
    cosines = scores(64, 8) * 0.2
    codes = sinkhorn(cosines, 0.05, 3)
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(64, dtype=torch.float64))
    assert ((codes.sum(dim=0) - 8).abs() < 1).all()
    many = sinkhorn(cosines, 0.05, 300)
    torch.testing.assert_close(many.sum(dim=0), torch.full((8,), 8.0, dtype=torch.float64), rtol=0, atol=1e-3)


def test_a_prototype_that_all_rows_prefer_is_shared_out() -> None:
    preferred = scores(32, 4) * 0.1
    preferred[:, 0] += 1
    assert (preferred.argmax(dim=1) == 0).all()
    torch.testing.assert_close(
        sinkhorn(preferred, 0.05, 50).sum(dim=0).float(), torch.full((4,), 8.0), rtol=0, atol=0.1
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_large_scores_overflow_nowhere_and_codes_are_float32(dtype: torch.dtype) -> None:
    large = (scores(16, 4) * 50).to(dtype)  # over an epsilon of 0.05: up to 1000
    large[:, 0] = -50  # which nobody comes near
    codes = sinkhorn(large, 0.05, 3)
    assert codes.dtype == torch.float32
    assert codes.isfinite().all()
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(16))


def test_control_exponentials_without_a_maximum_subtracted_overflow() -> None:
    assert (scores(16, 4).float() * 50 / 0.05).exp().isinf().any()


def test_a_number_added_to_all_scores_changes_nothing() -> None:
    torch.testing.assert_close(sinkhorn(scores(7, 4) + 9, 0.3, 3), sinkhorn(scores(7, 4), 0.3, 3))
