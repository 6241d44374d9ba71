"""Metrics that are means over items: of queries, of pairs, of texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from textcl.evaluation.task import Metrics, Swaps, Values, Weights


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
