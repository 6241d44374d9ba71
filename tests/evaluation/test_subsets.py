"""Correlations of a set of subsets: SentEval's `all`, `mean` and `wmean`."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.vectors import Table
from textcl.evaluation.correlation import CorrelationSample, SubsetCorrelations
from textcl.evaluation.tasks.sts import STS, GradedPair

SIZES = (9, 14, 31)
Correlate = Callable[..., Any]  # Any: scipy's result, which has a `statistic`


def _sample(seed: int = 0) -> SubsetCorrelations:
    """Three subsets, mixed; each has a scale of its own, so that pooling gives another number than averaging."""
    rng = np.random.default_rng(seed)
    subsets = rng.permutation(np.repeat(np.arange(3), SIZES))
    gold = rng.integers(0, 6, size=len(subsets)).astype(np.float64)
    predicted = gold / 5 * (subsets + 1) / 3 - subsets + rng.normal(scale=0.3, size=len(gold))
    return SubsetCorrelations(predicted, gold, subsets)


def _each(sample: SubsetCorrelations, counts: np.ndarray, correlation: Correlate) -> list[float]:
    """Scipy's correlation in each subset, with every item as often as it counts."""
    repeats = counts.astype(int)
    return [
        float(correlation(*(np.repeat(v[own], repeats[own]) for v in (sample.predicted, sample.gold))).statistic)
        for own in (sample.subsets == number for number in range(3))
    ]


@pytest.mark.parametrize(("name", "correlation"), [("spearman", stats.spearmanr), ("pearson", stats.pearsonr)])
def test_the_means_over_subsets_are_those_of_scipy(name: str, correlation: Correlate) -> None:
    sample = _sample()
    metrics = sample.metrics(np.ones((1, sample.size)))
    each = _each(sample, np.ones(sample.size), correlation)
    assert metrics[f"{name}_mean"][0] == pytest.approx(sum(each) / 3, abs=1e-12)
    assert metrics[f"{name}_wmean"][0] == pytest.approx(np.dot(each, SIZES) / sum(SIZES), abs=1e-12)
    assert metrics[name][0] == pytest.approx(correlation(sample.predicted, sample.gold).statistic, abs=1e-12)
    assert len({round(float(metrics[f"{name}{end}"][0]), 3) for end in ("", "_mean", "_wmean")}) == 3


def test_weights_repeat_items_and_make_a_subset_larger():
    sample = _sample()
    weights = np.random.default_rng(1).multinomial(sample.size, np.full(sample.size, 1 / sample.size), size=4)
    metrics = sample.metrics(weights.astype(np.float64))
    for row, counts in enumerate(weights):
        each = _each(sample, counts, stats.spearmanr)
        sizes = [int(counts[sample.subsets == number].sum()) for number in range(3)]
        assert metrics["spearman_mean"][row] == pytest.approx(sum(each) / 3, abs=1e-12)
        assert metrics["spearman_wmean"][row] == pytest.approx(np.dot(each, sizes) / sum(sizes), abs=1e-12)


def test_a_subset_without_a_correlation_makes_the_means_nan_but_not_the_pooled_value():
    sample = _sample()
    flat = np.where(sample.subsets == 0, 0.5, sample.predicted)
    metrics = SubsetCorrelations(flat, sample.gold, sample.subsets).metrics(np.ones((1, sample.size)))
    assert {name for name, value in metrics.items() if np.isnan(value[0])} == {
        f"{name}_{end}" for name in ("spearman", "pearson") for end in ("mean", "wmean")
    }


def test_a_resample_that_lacks_a_subset_has_no_mean_and_warns_of_nothing():
    sample = _sample()
    weights = np.stack([np.ones(sample.size), (sample.subsets > 0).astype(np.float64)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = sample.metrics(weights)
    assert np.isnan(metrics["spearman_wmean"]).tolist() == np.isnan(metrics["pearson_mean"]).tolist() == [False, True]
    assert not np.isnan(metrics["spearman"]).any()


def test_no_exchange_leaves_both_models_and_an_exchange_of_all_swaps_them():
    one, other = _sample(), _sample()
    other = SubsetCorrelations(one.predicted[::-1].copy(), one.gold, one.subsets)
    swaps = np.stack([np.zeros(one.size, dtype=np.bool_), np.ones(one.size, dtype=np.bool_)])
    mine, its = one.exchanged_metrics(other, swaps)
    ones = np.ones((1, one.size))
    own, theirs = one.metrics(ones), other.metrics(ones)
    assert mine.keys() == its.keys() == own.keys()
    for name in own:
        np.testing.assert_allclose(mine[name], [own[name][0], theirs[name][0]], atol=1e-9)
        np.testing.assert_allclose(its[name], [theirs[name][0], own[name][0]], atol=1e-9)


def test_a_task_averages_over_subsets_only_where_it_has_more_than_one():
    table = Table({"a": [1, 0], "b": [1, 1], "c": [0, 1], "d": [-1, 1]})
    graded = [
        ("a", "b", 4.0, "x"),
        ("a", "c", 3.0, "y"),
        ("a", "d", 0.0, "x"),
        ("b", "c", 1.0, "y"),
        ("b", "d", 2.0, "y"),
    ]
    task = STS("two", [GradedPair(*pair) for pair in graded])
    sample = task.run(table)
    assert isinstance(sample, SubsetCorrelations)
    assert list(sample.metrics(np.ones((1, 5)))) == [
        "spearman",
        "pearson",
        "spearman_mean",
        "spearman_wmean",
        "pearson_mean",
        "pearson_wmean",
    ]
    assert isinstance(STS("one", [GradedPair(*pair[:3], "x") for pair in graded]).run(table), CorrelationSample)
    assert isinstance(STS("none", [GradedPair(*pair[:3]) for pair in graded]).run(table), CorrelationSample)
