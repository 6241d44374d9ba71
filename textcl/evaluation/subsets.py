"""Correlations of a set that was put together from subsets, in the three ways in which papers aggregate them.

Letters: `R` rows of weights, `N` items, `S` subsets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.task import Values, Weights


@dataclass(frozen=True, slots=True)
class SubsetCorrelations:
    """Correlations over all items at once, and averaged over subsets.

    `spearman` and `pearson` pool the items of all subsets: SentEval's `all`. With `_mean` they are the plain mean of
    the subsets' own correlations, with `_wmean` their mean weighted by the number of items of each. The three differ,
    often by points, so numbers that were aggregated differently can not be compared. A subset whose correlation does
    not exist makes both means NaN.

    Args:
        pooled: All items.
        subsets: Number of each item's subset, from 0, (N,).
    """

    pooled: CorrelationSample
    subsets: NDArray[np.intp]

    @property
    def size(self) -> int:
        """Number of items."""
        return self.pooled.size

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return all aggregations for each row of weights (R, N)."""
        metrics = self.pooled.metrics(weights)
        members = [self.subsets == number for number in range(int(self.subsets.max()) + 1)]
        counts = np.stack([weights[:, own].sum(axis=1) for own in members])  # (S, R)
        with np.errstate(invalid="ignore"):  # a resample may lack a subset: 0 / 0 is the NaN that is meant
            scores = [self._part(own).metrics(weights[:, own]) for own in members]
        for name in tuple(metrics):
            values = np.stack([score[name] for score in scores])  # (S, R)
            metrics[f"{name}_mean"] = values.mean(axis=0)
            metrics[f"{name}_wmean"] = (values * counts).sum(axis=0) / counts.sum(axis=0)
        return metrics

    def _part(self, own: NDArray[np.bool_]) -> CorrelationSample:
        return CorrelationSample(self.pooled.predicted[own], self.pooled.gold[own])
