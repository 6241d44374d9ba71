"""Outcomes that several kinds of tasks share: means over items, labels of a classifier, and figures without items.

Letters: `R` rows of weights, `N` items, `C` classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from textcl.evaluation.task import Metrics, Swaps, Values, Weights
from textcl.types.batches import IntArray


@dataclass(frozen=True, slots=True)
class MeanSample:
    """The value of each metric for each item; a metric of the task is their mean."""

    per_item: Mapping[str, Values]  # metric -> (N,)

    @property
    def size(self) -> int:
        """Number of items."""
        return len(next(iter(self.per_item.values())))

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return the weighted mean of each metric for each row of weights (R, N)."""
        totals = weights.sum(axis=1)
        return {name: weights @ values / totals for name, values in self.per_item.items()}

    def exchanged(self, other: Self, swaps: Swaps) -> tuple[Self, Self]:
        """Return both samples with the items at `swaps` (N,) exchanged between them."""
        mine = {name: np.where(swaps, other.per_item[name], values) for name, values in self.per_item.items()}
        its = {name: np.where(swaps, values, other.per_item[name]) for name, values in self.per_item.items()}
        return type(self)(mine), type(self)(its)

    def exchanged_metrics(self, other: Self, swaps: Swaps) -> tuple[Metrics, Metrics]:
        """Return the means of both after the items at each row of `swaps` (R, N) were exchanged between them."""
        moved = swaps.astype(np.float64)
        mine, its = {}, {}
        for name, values in self.per_item.items():
            gain = moved @ (other.per_item[name] - values) / self.size  # (R,)
            mine[name], its[name] = values.mean() + gain, other.per_item[name].mean() - gain
        return mine, its


@dataclass(frozen=True, slots=True)
class LabelSample:
    """The labels of one classifier, and metrics of others that are means over the same items.

    `macro_f1` is the mean of F1 over the classes that are gold or predicted of any item that counts, as scikit-learn
    has it: a resample that misses a rare class does not score 0 for it.
    """

    gold: IntArray  # (N,)
    predicted: IntArray  # (N,)
    others: MeanSample

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.gold)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return `accuracy`, `macro_f1` and the others for each row of weights (R, N)."""
        accuracy = weights @ (self.gold == self.predicted) / weights.sum(axis=1)
        return {"accuracy": accuracy, "macro_f1": self._macro_f1(weights)} | self.others.metrics(weights)

    def exchanged(self, other: Self, swaps: Swaps) -> tuple[Self, Self]:
        """Return both samples with the predictions at `swaps` (N,) exchanged between them."""
        mine, its = self.others.exchanged(other.others, swaps)
        kept = np.where(swaps, other.predicted, self.predicted)
        given = np.where(swaps, self.predicted, other.predicted)
        return type(self)(self.gold, kept, mine), type(self)(self.gold, given, its)

    def _macro_f1(self, weights: Weights) -> Values:
        is_hit = self.gold == self.predicted
        found = self.gold[is_hit]
        classes = int(max(self.gold.max(), self.predicted.max())) + 1
        values = []
        for row in weights:
            hits = np.bincount(found, row[is_hit], classes)  # (C,)
            members = np.bincount(self.gold, row, classes) + np.bincount(self.predicted, row, classes)
            counts = members > 0
            values.append(np.mean(2 * hits[counts] / members[counts]))
        return np.array(values)


@dataclass(frozen=True, slots=True)
class PlainFigures:
    """Metrics with no items to resample: they have no intervals."""

    values: Mapping[str, Values]  # metric -> (1,)

    @property
    def size(self) -> int:
        """Number of items: none is known."""
        return 0

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return the same figures for each row of weights (R, 0)."""
        return {name: np.repeat(value, len(weights)) for name, value in self.values.items()}
