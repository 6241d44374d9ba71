"""Spearman and Pearson correlation of predicted and gold scores: weighted, exchanged between models, and of subsets.

A weight of n counts an item n times, so multinomial weights give the correlation of a bootstrap resample without
building it; many rows of weights are taken at once.

Two models' cosines lie on scales of their own: one may fill 0.6 to 0.9, another -0.1 to 1. Exchanged as they are, they
would tear both rankings apart, and any difference seen would look small beside that. So what changes sides is what a
metric looks at: for Spearman's the rank of the item among all items of its model, for Pearson's the prediction with
its model's mean taken off, divided by its model's standard deviation. Without an exchange both give the metric itself.

Ranks are not taken again after an exchange. A mixture of two rankings is itself close to uniform, and its mean and
spread, which are taken again, carry the rest; so a permutation costs three sums instead of a sort.

A set that was put together from subsets is scored in the three ways in which papers aggregate them.
Letters: `R` rows of weights or exchanges, `N` items, `S` subsets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.task import Metrics, Swaps, Values, Weights
from textcl.util.cosines import Float64Array


def standardised(values: Float64Array) -> Float64Array:
    """Return values (N,) with mean 0 and standard deviation 1; NaN where they are constant."""
    centred = values - values.mean()
    deviation = np.sqrt(np.mean(centred**2))
    constant = not np.ptp(values) > 0
    scaled: Float64Array = np.full_like(centred, np.nan) if constant else centred / deviation
    return scaled


def exchanged_correlations(
    mine: Float64Array, its: Float64Array, gold: Float64Array, swaps: Swaps
) -> tuple[Values, Values]:
    """Correlate two models' predictions with gold after the items at each row of `swaps` (R, N) changed sides.

    Args:
        mine: Predictions of one model, (N,), on a scale shared with the other's.
        its: Predictions of the other, (N,).
        gold: What both are compared with, (N,).
        swaps: Which items change sides, (R, N).

    Returns:
        Pearson's coefficient of either side for each row, (R,) and (R,); NaN where a side is constant.
    """
    mine, its, gold = standardised(mine), standardised(its), standardised(gold)
    own, other = _sums(mine, gold), _sums(its, gold)  # (N, 3)
    moved = swaps.astype(np.float64) @ (other - own)  # (R, 3)
    return _correlations(own.sum(axis=0) + moved, len(gold)), _correlations(other.sum(axis=0) - moved, len(gold))


def _sums(predicted: Float64Array, gold: Float64Array) -> Float64Array:
    """What each item adds to the sum of predictions, of their squares, and of their products with gold, (N, 3)."""
    return np.stack([predicted, predicted**2, predicted * gold], axis=1)


def _correlations(sums: Float64Array, size: int) -> Values:
    """Return Pearson's coefficient for each row of sums (R, 3) over items whose gold scores are standardised."""
    mean, square, product = (sums / size).T
    variance = square - mean**2
    varies = variance > 1e-12  # beside the 1 of a standardised prediction
    return np.where(varies, np.clip(product / np.sqrt(np.where(varies, variance, 1.0)), -1.0, 1.0), np.nan)


@dataclass(frozen=True, slots=True)
class CorrelationSample:
    """Predicted and gold scores of the same items; the metrics are `spearman` and `pearson`.

    A correlation with a constant does not exist: it is NaN.
    """

    predicted: Float64Array  # (N,)
    gold: Float64Array  # (N,)

    def __post_init__(self) -> None:
        if self.predicted.shape != self.gold.shape or self.predicted.ndim != 1:
            raise ValueError(f"predicted is {self.predicted.shape} and gold is {self.gold.shape}; both must be (N,).")

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.gold)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return both correlations for each row of weights (R, N)."""
        predicted_ranks = weighted_ranks(self.predicted, weights)
        gold_ranks = weighted_ranks(self.gold, weights)
        spearman = weighted_correlation(predicted_ranks, gold_ranks, weights)
        pearson = weighted_correlation(self.predicted[None], self.gold[None], weights)
        return {"spearman": spearman, "pearson": np.where(np.isnan(spearman), np.nan, pearson)}

    def exchanged_metrics(self, other: Self, swaps: Swaps) -> tuple[Metrics, Metrics]:
        """Return the correlations of both after the items at each row of `swaps` (R, N) were exchanged between them.

        Two models' cosines are on different scales; `exchanging` says what changes sides instead.
        """
        if not np.array_equal(self.gold, other.gold):
            raise ValueError(
                "The gold scores of the two samples differ; only outcomes of the same items can be exchanged."
            )
        ones = np.ones((1, self.size))
        mine, its = weighted_ranks(self.predicted, ones)[0], weighted_ranks(other.predicted, ones)[0]
        by_rank = exchanged_correlations(mine, its, weighted_ranks(self.gold, ones)[0], swaps)
        by_value = exchanged_correlations(self.predicted, other.predicted, self.gold, swaps)
        own, theirs = ({"spearman": by_rank[side], "pearson": by_value[side]} for side in (0, 1))
        return own, theirs


def weighted_ranks(values: Float64Array, weights: Weights) -> Float64Array:
    """Rank values (N,) as if each stood there as often as its weight (R, N) says; ties share their average rank.

    Returns:
        Ranks of each item, 1 for a single smallest value, (R, N).
    """
    distinct, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    group_weights = np.add.reduceat(weights[:, order], starts, axis=1)  # (R, distinct values)
    below = np.cumsum(group_weights, axis=1) - group_weights
    ranks: Float64Array = (below + (group_weights + 1) / 2)[:, group]
    return ranks


def weighted_correlation(left: Float64Array, right: Float64Array, weights: Weights) -> Values:
    """Correlate two rows of numbers, each (R, N) or (1, N), under weights (R, N).

    Returns:
        Pearson's coefficient of each row, (R,); NaN where one side is constant.
    """
    left, right = _centred(left, weights), _centred(right, weights)
    covariance = np.einsum("rn,rn,rn->r", weights, left, right)
    left_square = np.einsum("rn,rn,rn->r", weights, left, left)
    right_square = np.einsum("rn,rn,rn->r", weights, right, right)
    norm = np.sqrt(left_square) * np.sqrt(right_square)
    defined = norm > 0
    return np.where(defined, np.clip(covariance / np.where(defined, norm, 1.0), -1.0, 1.0), np.nan)


def _centred(numbers: Float64Array, weights: Weights) -> Float64Array:
    totals = weights.sum(axis=1, keepdims=True)
    means = np.einsum("rn,rn->r", weights, np.broadcast_to(numbers, weights.shape))[:, None] / totals
    centred: Float64Array = numbers - means
    return centred


@dataclass(frozen=True, slots=True)
class SubsetCorrelations:
    """Correlations over all items at once, and averaged over subsets.

    `spearman` and `pearson` pool the items of all subsets: SentEval's `all`. With `_mean` they are the plain mean of
    the subsets' own correlations, with `_wmean` their mean weighted by the number of items of each. The three differ,
    often by points, so numbers that were aggregated differently cannot be compared. A subset whose correlation does
    not exist makes both means NaN.
    """

    predicted: Float64Array  # (N,)
    gold: Float64Array  # (N,)
    subsets: NDArray[np.intp]  # number of each item's subset, from 0, (N,)

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.gold)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return all aggregations for each row of weights (R, N)."""
        members = self._members()
        counts = np.stack([weights[:, own].sum(axis=1) for own in members])  # (S, R)
        with np.errstate(invalid="ignore"):  # a resample may lack a subset: 0 / 0 is the NaN that is meant
            scores = [self._part(own).metrics(weights[:, own]) for own in members]
        return {**self._pooled().metrics(weights), **_averages(scores, counts)}

    def exchanged_metrics(self, other: Self, swaps: Swaps) -> tuple[Metrics, Metrics]:
        """Return all aggregations of both after the items at each row of `swaps` (R, N) were exchanged between them."""
        mine, its = self._pooled().exchanged_metrics(other._pooled(), swaps)
        members = self._members()
        parts = [self._part(own).exchanged_metrics(other._part(own), swaps[:, own]) for own in members]
        counts = np.array([[own.sum()] for own in members], dtype=np.float64)  # (S, 1)
        return mine | _averages([one for one, _ in parts], counts), its | _averages([two for _, two in parts], counts)

    def _members(self) -> list[NDArray[np.bool_]]:
        return [self.subsets == number for number in range(int(self.subsets.max()) + 1)]

    def _pooled(self) -> CorrelationSample:
        return CorrelationSample(self.predicted, self.gold)

    def _part(self, own: NDArray[np.bool_]) -> CorrelationSample:
        return CorrelationSample(self.predicted[own], self.gold[own])


def _averages(scores: Sequence[Metrics], counts: Float64Array) -> Metrics:
    """Average the correlations of S subsets, each (R,), plainly and weighted by their counts, (S, R) or (S, 1)."""
    averages = {}
    for name in scores[0]:
        values = np.stack([score[name] for score in scores])  # (S, R)
        averages[f"{name}_mean"] = values.mean(axis=0)
        averages[f"{name}_wmean"] = (values * counts).sum(axis=0) / counts.sum(axis=0)
    return averages
