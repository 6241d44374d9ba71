"""p-values: against an exact test of scipy, against a naive loop, and uniform where two models are equally good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.significance import p_values

Float64Array = NDArray[np.float64]


def standardised(values: Float64Array) -> Float64Array:
    return (values - values.mean()) / values.std()


def exact(mine: Float64Array, its: Float64Array, statistic: Any) -> float:
    """The p-value over all exchanges of a few items."""
    found = stats.permutation_test((mine, its), statistic, permutation_type="samples", n_resamples=np.inf)
    return float(found.pvalue)


def two_models(
    rng: np.random.Generator, size: int, correlations: tuple[float, float] = (0.8, 0.8)
) -> tuple[CorrelationSample, CorrelationSample]:
    """Cosines of two models that err alike in part; gold scores have ties."""
    truth, shared = rng.normal(size=(2, size))
    gold = np.round(np.clip(1.5 * truth + 2.5, 0, 5) * 5) / 5
    errors = (0.7 * shared + 0.7 * rng.normal(size=size) for _ in correlations)
    one, two = (r * truth + np.sqrt(1 - r**2) * error for r, error in zip(correlations, errors, strict=True))
    return CorrelationSample(one, gold), CorrelationSample(two, gold)


def close(p: float, expected: float, permutations: int) -> bool:
    """Whether a drawn p-value is as near an exact one as four standard errors."""
    return abs(p - expected) < 4 * np.sqrt(expected * (1 - expected) / permutations) + 2 / permutations


def test_the_p_value_of_means_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    mine, its = rng.random(9), rng.random(9) + 0.3
    p = p_values(MeanSample({"mrr": mine}), MeanSample({"mrr": its}), permutations=20_000)["mrr"]
    expected = exact(mine, its, lambda one, two, axis: one.mean(axis) - two.mean(axis))
    assert 0.01 < expected < 0.5
    assert close(p, expected, 20_000)


@pytest.mark.parametrize("seed", range(3))
def test_the_p_values_of_correlations_are_those_of_scipy_on_ranks_and_standardised_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 5, size=9).astype(np.float64)
    mine, its = gold + rng.normal(size=9), 0.2 * rng.normal(size=9) + 0.1 * gold
    p = p_values(CorrelationSample(mine, gold), CorrelationSample(its, gold), permutations=20_000)

    def difference(gold: Float64Array) -> Any:
        def correlation(values: Float64Array, axis: int) -> Any:
            centred = values - values.mean(axis, keepdims=True)
            return (centred * (gold - gold.mean())).mean(axis) / values.std(axis) / gold.std()

        return lambda one, two, axis: correlation(one, axis) - correlation(two, axis)

    ranks = [stats.rankdata(values) for values in (mine, its, gold)]
    assert close(p["spearman"], exact(ranks[0], ranks[1], difference(ranks[2])), 20_000)
    assert close(p["pearson"], exact(standardised(mine), standardised(its), difference(gold)), 20_000)


def test_exchanges_at_once_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(3)
    one, two = two_models(rng, 30)
    swaps = rng.random((8, 30)) < 0.5
    mine, its = one.exchanged_metrics(two, swaps)
    for row, swap in enumerate(swaps):
        for metric, transform in (("spearman", stats.rankdata), ("pearson", standardised)):
            left, right, gold = (transform(values) for values in (one.predicted, two.predicted, one.gold))
            kept, given = np.where(swap, right, left), np.where(swap, left, right)
            assert mine[metric][row] == pytest.approx(stats.pearsonr(kept, gold).statistic, abs=1e-12)
            assert its[metric][row] == pytest.approx(stats.pearsonr(given, gold).statistic, abs=1e-12)


def test_means_exchanged_at_once_are_those_exchanged_one_by_one() -> None:
    rng = np.random.default_rng(4)
    one, two = (MeanSample({"a": rng.random(20), "b": rng.random(20)}) for _ in range(2))
    swaps, ones = rng.random((5, 20)) < 0.5, np.ones((1, 20))
    mine, its = one.exchanged_metrics(two, swaps)
    for row, swap in enumerate(swaps):
        kept, given = (sample.metrics(ones) for sample in one.exchanged(two, swap))
        for name in ("a", "b"):
            assert mine[name][row] == pytest.approx(kept[name][0], abs=1e-12)
            assert its[name][row] == pytest.approx(given[name][0], abs=1e-12)


def test_without_an_exchange_the_correlations_are_the_scores() -> None:
    one, two = two_models(np.random.default_rng(5), 40)
    mine, its = one.exchanged_metrics(two, np.zeros((1, 40), dtype=np.bool_))
    ones = np.ones((1, 40))
    for name in ("spearman", "pearson"):
        assert mine[name] == pytest.approx(one.metrics(ones)[name], abs=1e-12)
        assert its[name] == pytest.approx(two.metrics(ones)[name], abs=1e-12)


def test_the_scale_of_a_models_cosines_does_not_matter() -> None:
    one, two = two_models(np.random.default_rng(6), 100, (0.8, 0.7))
    narrow = CorrelationSample(0.7 + 0.01 * two.predicted, two.gold)
    assert p_values(one, narrow, permutations=500) == p_values(one, two, permutations=500)
    bent = CorrelationSample(np.exp(two.predicted), two.gold)
    assert p_values(one, bent, permutations=500)["spearman"] == p_values(one, two, permutations=500)["spearman"]


def test_cosines_exchanged_as_they_are_would_hide_a_clear_difference() -> None:
    """The control: why ranks and standardised values change sides."""
    one, two = two_models(np.random.default_rng(7), 300, (0.9, 0.82))
    narrow = CorrelationSample(0.7 + 0.01 * two.predicted, two.gold)
    swaps = np.random.default_rng(0).random((300, 300)) < 0.5

    def spearman(values: Float64Array) -> float:
        return float(stats.spearmanr(values, one.gold).statistic)

    raw = [
        spearman(np.where(swap, narrow.predicted, one.predicted))
        - spearman(np.where(swap, one.predicted, narrow.predicted))
        for swap in swaps
    ]
    seen = spearman(one.predicted) - spearman(narrow.predicted)
    assert np.mean(np.abs(raw) >= seen) > 0.05
    assert p_values(one, narrow, permutations=1000)["spearman"] < 0.01


def is_uniform(p: list[float]) -> bool:
    return bool(stats.kstest(p, "uniform").pvalue > 0.001)


def test_p_values_of_equally_good_models_are_uniform() -> None:
    rng = np.random.default_rng(8)
    both = [p_values(*two_models(rng, 150), seed, permutations=199) for seed in range(300)]
    for metric in ("spearman", "pearson"):
        p = [one[metric] for one in both]
        assert is_uniform(p), metric
        rejected = sum(value <= 0.05 for value in p)
        assert stats.binom.ppf(0.001, 300, 0.05) <= rejected <= stats.binom.ppf(0.999, 300, 0.05), metric


def test_p_values_of_models_that_differ_are_not_uniform() -> None:
    rng = np.random.default_rng(9)
    p = [p_values(*two_models(rng, 150, (0.8, 0.75)), seed, permutations=199)["spearman"] for seed in range(100)]
    assert not is_uniform(p)


def test_p_values_of_means_with_many_ties_do_not_reject_too_often() -> None:
    rng = np.random.default_rng(10)
    hits = (rng.random((2, 400, 100)) < 0.8).astype(np.float64)
    one, two = (MeanSample({str(n): row for n, row in enumerate(side)}) for side in hits)
    p = list(p_values(one, two, permutations=999).values())
    assert np.mean(np.array(p) <= 0.05) <= stats.binom.ppf(0.999, 400, 0.05) / 400


def test_a_p_value_is_never_0() -> None:
    worse, better = MeanSample({"mrr": np.zeros(60)}), MeanSample({"mrr": np.ones(60)})
    assert p_values(worse, better, permutations=99)["mrr"] == 1 / 100


def test_equal_models_have_p_1() -> None:
    one, _ = two_models(np.random.default_rng(11), 50)
    assert p_values(one, one, permutations=99) == {"spearman": 1.0, "pearson": 1.0}


def test_a_collapsed_model_has_no_p_value() -> None:
    one, _ = two_models(np.random.default_rng(12), 50)
    collapsed = CorrelationSample(np.full(50, 0.9), one.gold)
    assert all(np.isnan(p) for p in p_values(collapsed, one, permutations=9).values())


def test_the_same_seed_gives_the_same_p_value_and_another_does_not() -> None:
    one, two = two_models(np.random.default_rng(13), 60)
    assert p_values(one, two, 3, 199) == p_values(one, two, 3, 199)
    assert p_values(one, two, 3, 199) != p_values(one, two, 4, 199)


def test_memory_chunks_do_not_change_the_number_of_permutations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcl.evaluation.significance._PERMUTATION_CHUNK", 1000)
    worse, better = MeanSample({"mrr": np.zeros(60)}), MeanSample({"mrr": np.ones(60)})
    assert p_values(worse, better, permutations=99)["mrr"] == 1 / 100


def test_gold_scores_that_differ_are_refused() -> None:
    one, two = two_models(np.random.default_rng(14), 20)
    with pytest.raises(ValueError, match="gold scores of the two samples differ"):
        p_values(one, CorrelationSample(two.predicted, two.gold + 1))


@dataclass(frozen=True)
class Whole:
    """A sample whose items cannot be exchanged."""

    values: Float64Array

    @property
    def size(self) -> int:
        return len(self.values)

    def metrics(self, weights: Float64Array) -> dict[str, Float64Array]:
        return {"spread": weights @ self.values}


@dataclass(frozen=True)
class OneByOne(Whole):
    """A sample whose items can be exchanged, one permutation at a time."""

    def exchanged(self, other: "OneByOne", swaps: NDArray[np.bool_]) -> tuple["OneByOne", "OneByOne"]:
        mine, its = np.where(swaps, other.values, self.values), np.where(swaps, self.values, other.values)
        return OneByOne(mine), OneByOne(its)


def test_items_that_can_not_be_exchanged_have_no_p_value() -> None:
    assert np.isnan(p_values(Whole(np.zeros(3)), Whole(np.ones(3)))["spread"])


def test_a_sample_that_exchanges_one_by_one_has_the_p_value_of_one_that_does_at_once() -> None:
    rng = np.random.default_rng(15)
    one, two = rng.random(40), rng.random(40) + 0.1
    slow = p_values(OneByOne(one), OneByOne(two), permutations=300)["spread"]
    assert slow == p_values(MeanSample({"spread": one}), MeanSample({"spread": two}), permutations=300)["spread"]
