"""Correlations under item weights equal scipy's correlations of items that are literally repeated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from textcl.evaluation.correlation import CorrelationSample, weighted_ranks

items = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=12)


@given(items)
@settings(max_examples=200)
def test_weights_equal_repeated_items_with_ties(drawn):
    predicted, gold, counts = (np.array(column, dtype=np.float64) for column in zip(*drawn, strict=True))
    repeats = counts.astype(int)
    if repeats.sum() == 0:
        return
    left, right = np.repeat(predicted, repeats), np.repeat(gold, repeats)
    metrics = CorrelationSample(predicted, gold).metrics(counts[None])
    if len(set(left)) == 1 or len(set(right)) == 1:
        assert np.isnan(metrics["spearman"][0])
        assert np.isnan(metrics["pearson"][0])
        return
    np.testing.assert_allclose(metrics["spearman"][0], stats.spearmanr(left, right).statistic, atol=1e-12)
    np.testing.assert_allclose(metrics["pearson"][0], stats.pearsonr(left, right).statistic, atol=1e-12)


def test_every_row_of_weights_is_its_own_resample():
    rng = np.random.default_rng(0)
    predicted, gold = rng.normal(size=40), rng.integers(0, 6, size=40).astype(np.float64)
    weights = rng.multinomial(40, np.full(40, 1 / 40), size=5).astype(np.float64)
    together = CorrelationSample(predicted, gold).metrics(weights)
    for row, counts in enumerate(weights.astype(int)):
        expected = stats.spearmanr(np.repeat(predicted, counts), np.repeat(gold, counts)).statistic
        assert together["spearman"][row] == pytest.approx(expected, abs=1e-12)


def test_tied_values_share_their_average_rank():
    ranks = weighted_ranks(np.array([3.0, 1.0, 3.0, 2.0]), np.array([[1.0, 1, 1, 1], [1, 2, 1, 0]]))
    assert ranks[0].tolist() == [3.5, 1, 3.5, 2]
    assert ranks[1, [0, 1, 2]].tolist() == [3.5, 1.5, 3.5]  # 1 1 3 3


@pytest.mark.parametrize("items", range(2, 30))
def test_a_constant_is_nan_even_where_its_mean_is_rounded(items):
    sample = CorrelationSample(np.full(items, 0.1), np.arange(float(items)))
    metrics = sample.metrics(np.stack([np.ones(items), np.arange(float(items))]))
    assert np.isnan(metrics["spearman"]).all()
    assert np.isnan(metrics["pearson"]).all()


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ValueError, match="both must be"):
        CorrelationSample(np.zeros(3), np.zeros(4))
