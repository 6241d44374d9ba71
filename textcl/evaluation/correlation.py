"""Spearman and Pearson correlation with item weights, for many rows of weights at once.

A weight of n counts an item n times, so multinomial weights give the correlation of a bootstrap resample without
building it.
Letters: `R` rows of weights, `N` items.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from textcl.evaluation.exchanging import Doubles, exchanged_correlations
from textcl.evaluation.task import Metrics, Swaps, Values, Weights


@dataclass(frozen=True, slots=True)
class CorrelationSample:
    """Predicted and gold scores of the same items; the metrics are `spearman` and `pearson`.

    A correlation with a constant does not exist: it is NaN.
    """

    predicted: Doubles  # (N,)
    gold: Doubles  # (N,)

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


def weighted_ranks(values: Doubles, weights: Weights) -> Doubles:
    """Rank values (N,) as if each stood there as often as its weight (R, N) says; ties share their average rank.

    Returns:
        Ranks of each item, 1 for a single smallest value, (R, N).
    """
    distinct, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    group_weights = np.add.reduceat(weights[:, order], starts, axis=1)  # (R, distinct values)
    below = np.cumsum(group_weights, axis=1) - group_weights
    ranks: Doubles = (below + (group_weights + 1) / 2)[:, group]
    return ranks


def weighted_correlation(left: Doubles, right: Doubles, weights: Weights) -> Values:
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


def _centred(numbers: Doubles, weights: Weights) -> Doubles:
    totals = weights.sum(axis=1, keepdims=True)
    means = np.einsum("rn,rn->r", weights, np.broadcast_to(numbers, weights.shape))[:, None] / totals
    centred: Doubles = numbers - means
    return centred
