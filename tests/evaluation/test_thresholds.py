"""Thresholds through scored items: thresholds between distinct scores only, and weights that are counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textcl.evaluation.thresholds import Thresholds, positions_from_top


def _naive_f1(scores, hits):
    """The best F1 by trying each score as a threshold."""
    best = 0.0
    for threshold in scores:
        taken = scores >= threshold
        best = max(best, 2 * (taken & hits).sum() / (taken.sum() + hits.sum()))
    return best


def _best_f1(scores, hits, weights=None):
    scores, hits = np.asarray(scores, dtype=np.float64), np.asarray(hits, dtype=bool)
    weights = np.ones((1, len(scores))) if weights is None else weights
    value, threshold = Thresholds.of(scores, hits, weights).best_f1(weights @ hits)
    return float(value[0]), float(threshold[0])


def test_the_threshold_lies_half_way_to_the_next_lower_score():
    assert _best_f1([0.9, 0.7, 0.1], [1, 1, 0]) == (1.0, pytest.approx(0.4))


def test_the_lowest_score_is_its_own_threshold():
    assert _best_f1([0.9, 0.1], [1, 1]) == (1.0, 0.1)


def test_a_threshold_never_parts_items_of_one_score():
    # Parted, the first item alone would have F1 = 1.
    assert _best_f1([0.5, 0.5], [1, 0]) == (pytest.approx(2 / 3), 0.5)


def test_the_threshold_of_a_resample_looks_at_its_own_items_only():
    assert _best_f1([0.9, 0.7, 0.1], [1, 0, 0], np.array([[1.0, 0.0, 1.0]])) == (1.0, pytest.approx(0.5))


def test_where_nothing_is_wanted_there_is_no_score():
    assert np.isnan(_best_f1([0.9, 0.1], [0, 0])).all()
    assert np.isnan(Thresholds.of(np.array([0.5]), np.array([False]), np.ones((1, 1))).average_precision(np.zeros(1)))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=12))
def test_a_weight_counts_an_item_so_often(items):
    scores, hits, counts = (np.array(column) for column in zip(*items, strict=True))
    scores = scores / 5
    if not (counts * hits).any():
        return
    value, threshold = _best_f1(scores, hits, counts[None].astype(np.float64))
    repeated = np.repeat(scores, counts), np.repeat(hits, counts)
    assert value == pytest.approx(_naive_f1(*repeated))
    assert (value, threshold) == pytest.approx(_best_f1(*repeated))


def test_positions_have_the_order_of_scores_and_forget_their_scale():
    scores = np.array([0.2, 0.9, 0.2, -np.inf, 0.5])
    assert positions_from_top(scores).tolist() == [-3.5, -1.0, -3.5, -np.inf, -2.0]
    assert positions_from_top(np.exp(3 * scores[[0, 1, 2, 4]])).tolist() == [-3.5, -1.0, -3.5, -2.0]
