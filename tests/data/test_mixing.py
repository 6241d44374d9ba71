"""Shares, whole parts of them, and turns that are spread evenly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcl.data.orders import apportioned, interleaved, shares_of

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=6)
WEIGHTS = st.lists(st.floats(0.01, 100), min_size=1, max_size=6)


def test_shares_follow_weights_or_a_power_of_the_size() -> None:
    assert shares_of([10, 10], [3, 1]) == (0.75, 0.25)
    assert shares_of([100, 900], None) == (0.1, 0.9)
    assert shares_of([100, 900], None, temperature=2) == pytest.approx((0.25, 0.75))  # roots are 10 and 30
    assert shares_of([100, 900], None, temperature=1e9) == pytest.approx((0.5, 0.5))


def test_rows_that_shares_leave_over_go_to_the_largest_remainders() -> None:
    assert apportioned(10, [0.46, 0.35, 0.19]) == (5, 3, 2)  # 4.6, 3.5 and 1.9: two are left over
    assert apportioned(3, [0.5, 0.5]) == (2, 1)


@given(st.integers(0, 1000), WEIGHTS)
def test_parts_add_up_and_miss_their_shares_by_less_than_a_row(total: int, weights: list[float]) -> None:
    shares = shares_of([1] * len(weights), weights)
    parts = apportioned(total, shares)
    assert sum(parts) == total
    assert all(abs(part - share * total) < 1 for part, share in zip(parts, shares, strict=True))


def test_turns_by_hand() -> None:
    assert interleaved([4, 2]).tolist() == [0, 1, 0, 0, 1, 0]  # at 1/8, 3/8, 5/8, 7/8 and at 1/4, 3/4
    assert interleaved([2, 2]).tolist() == [0, 1, 0, 1]


@given(COUNTS)
def test_after_any_turn_each_source_has_had_its_part(counts: list[int]) -> None:
    owners = interleaved(counts)
    assert np.bincount(owners, minlength=len(counts)).tolist() == counts
    had = np.cumsum(owners[:, None] == np.arange(len(counts)), axis=0)  # (N, S)
    shares = np.array(counts) / sum(counts)
    bound = 0.5 + (len(counts) - 2) / 2 * shares
    assert (np.abs(had - np.arange(1, len(owners) + 1)[:, None] * shares) <= np.maximum(bound, 0) + 1e-9).all()


def test_control_random_turns_stray_further() -> None:
    owners = np.random.default_rng(1).permutation(interleaved([300, 100]))
    strays = np.abs(np.cumsum(owners == 0) - 0.75 * np.arange(1, 401))
    assert strays.max() > 3
