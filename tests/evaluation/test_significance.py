"""Bootstrap intervals: right weights, right percentiles, paired differences."""

import math

import numpy as np
import pytest

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.significance import differences, resampled_weights, scores


def _retrieval(values):
    return MeanSample({"mrr@10": np.array(values, dtype=np.float64)})


def test_each_resample_draws_as_many_items_as_there_are():
    weights = np.concatenate(list(resampled_weights((7,), 500, seed=1)))
    assert weights.shape == (500, 7)
    assert (weights.sum(axis=1) == 7).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.2)
    np.testing.assert_allclose(weights.var(axis=0), 6 / 7, atol=0.25)  # binomial(7, 1/7)


def test_weights_equal_the_mean_of_items_that_are_literally_repeated():
    sample = _retrieval([0.1, 0.5, 1.0])
    assert sample.metrics(np.array([[2.0, 0, 1]]))["mrr@10"][0] == pytest.approx(np.mean([0.1, 0.1, 1.0]))


def test_the_interval_of_a_mean_is_close_to_the_normal_one():
    values = np.random.default_rng(0).normal(size=400)
    interval = scores(_retrieval(values), resamples=4000)["mrr@10"]
    half = 1.96 * values.std() / math.sqrt(400)
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.015)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.015)


def test_memory_chunks_do_not_change_the_number_of_resamples(monkeypatch):
    monkeypatch.setattr("textcl.evaluation.significance._CHUNK", 50)
    chunks = list(resampled_weights((20,), 5, seed=0))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]


def test_the_same_seed_gives_the_same_interval_and_another_does_not():
    sample = _retrieval(np.random.default_rng(0).normal(size=50))
    assert scores(sample, seed=3) == scores(sample, seed=3)
    assert scores(sample, seed=3) != scores(sample, seed=4)


def test_a_difference_is_paired_so_a_constant_gain_has_no_spread():
    before = np.random.default_rng(0).normal(size=30)
    gain = differences(_retrieval(before), _retrieval(before + 0.25))["mrr@10"]
    assert gain.value == pytest.approx(0.25)
    assert gain.low == pytest.approx(0.25)
    assert gain.high == pytest.approx(0.25)


def test_a_score_that_is_nan_has_no_bounds():
    interval = scores(CorrelationSample(np.ones(5), np.arange(5.0)))["spearman"]
    assert all(math.isnan(number) for number in (interval.value, interval.low, interval.high))


def test_resamples_without_a_value_are_left_out_of_the_bounds():
    interval = scores(CorrelationSample(np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0])))["spearman"]
    assert interval.value == pytest.approx(1)
    assert interval.low == pytest.approx(1)


def test_samples_of_different_size_can_not_be_paired():
    with pytest.raises(ValueError, match="before has 2 items and after 3"):
        differences(_retrieval([1, 2]), _retrieval([1, 2, 3]))
