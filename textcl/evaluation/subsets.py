"""Correlations of a set that was put together from subsets, in the three ways in which papers aggregate them.

Letters: `R` rows of weights or exchanges, `N` items, `S` subsets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.exchanging import Doubles
from textcl.evaluation.task import Metrics, Swaps, Values, Weights


@dataclass(frozen=True, slots=True)
class SubsetCorrelations:
    """Correlations over all items at once, and averaged over subsets.

    `spearman` and `pearson` pool the items of all subsets: SentEval's `all`. With `_mean` they are the plain mean of
    the subsets' own correlations, with `_wmean` their mean weighted by the number of items of each. The three differ,
    often by points, so numbers that were aggregated differently can not be compared. A subset whose correlation does
    not exist makes both means NaN.
    """

    predicted: Doubles  # (N,)
    gold: Doubles  # (N,)
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


def _averages(scores: Sequence[Metrics], counts: Doubles) -> Metrics:
    """Average the correlations of S subsets, each (R,), plainly and weighted by their counts, (S, R) or (S, 1)."""
    averages = {}
    for name in scores[0]:
        values = np.stack([score[name] for score in scores])  # (S, R)
        averages[f"{name}_mean"] = values.mean(axis=0)
        averages[f"{name}_wmean"] = (values * counts).sum(axis=0) / counts.sum(axis=0)
    return averages
