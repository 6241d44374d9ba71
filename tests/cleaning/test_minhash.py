"""Near duplicates: the measure, and how they are found."""

import numpy as np
import pytest

from textcl.cleaning.duplicates import BANDS, Bands, resemblance, rows_of_band, runs_of, shared


def naive(first: str, second: str) -> float:
    one, other = ({text[start : start + 5] for start in range(len(text) - 4)} for text in (first, second))
    return len(one & other) / len(one | other)


@pytest.mark.parametrize(
    ("first", "second"),
    [("abcdefgh", "abcdefgh"), ("abcdefgh", "abcdefgx"), ("the dog is here", "the dog was here"), ("abcde", "vwxyz")],
)
def test_resemblance_is_the_share_of_common_runs(first: str, second: str) -> None:
    assert resemblance(runs_of(first), runs_of(second)) == naive(first, second)


def test_a_text_shorter_than_a_run_is_one_run() -> None:
    assert resemblance(runs_of("ab"), runs_of("ab")) == 1
    assert resemblance(runs_of("ab"), runs_of("ac")) == 0


@pytest.mark.parametrize("bound", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_a_pair_just_at_the_bound_shares_a_band_99_times_in_100(bound: float) -> None:
    rows = rows_of_band(bound)
    assert 1 - (1 - bound**rows) ** BANDS >= 0.99 > 1 - (1 - bound ** (rows + 1)) ** BANDS


def test_bands_are_shared_as_often_as_the_resemblance_says() -> None:
    """Of two random texts with a resemblance of some 0.7, a share of 0.7 to the power of the rows of a band."""
    rng, bands, found, expected = np.random.default_rng(3), Bands(0.8), 0, 0.0
    for _ in range(100):
        letters = rng.integers(97, 123, 120)
        text = "".join(map(chr, letters))
        letters[rng.choice(120, 4, replace=False)] = 48
        other = "".join(map(chr, letters))
        found += int((bands.numbers(runs_of(text)) == bands.numbers(runs_of(other))).sum())
        expected += BANDS * resemblance(runs_of(text), runs_of(other)) ** rows_of_band(0.8)
    assert found == pytest.approx(expected, rel=0.15)


def test_numbers_are_shared_within_a_band_alone() -> None:
    numbers = np.array([[1, 2, 3], [4, 2, 1], [5, 6, 3]])
    assert shared(numbers).tolist() == [2, 3]
    assert shared(numbers[:0]).tolist() == []
