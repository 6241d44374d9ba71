"""Measures of a cloud of embeddings with item weights.

Letters: `R` rows of weights, `N` items, `T` distinct texts, `P` pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.task import Values, Weights
from textcl.types import FloatArray, IntArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GeometrySample:
    """What was measured of distinct texts and of positive pairs.

    Items are the pairs and then the texts that are in no pair. An item brings one text; a text counts as often as its
    items do on average, and drawn twice it is no pair with itself. Two things do not follow a resample: who is among
    whose neighbours stays as it is among all texts, and the effective rank has no bounds, because a resample lacks
    directions and says nothing of the whole.
    """

    distances: Doubles  # squared, of the two sides of each pair, (P,)
    text_of_item: IntArray  # (N,): each of 0 … T-1 at least once
    unit: FloatArray  # vectors of the texts, (T, D)
    nearness: FloatArray  # exp(-2 d²) of each two texts, 0 on the diagonal, (T, T)
    occurrences: IntArray  # of each text among the neighbours of others, (T,)
    effective_rank: float

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.text_of_item)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return every measure for each row of weights (R, N); `alignment` only where there are pairs."""
        measures = self._of_texts(self._text_weights(weights))
        is_even = weights.min(axis=1) == weights.max(axis=1)
        measures["effective_rank"] = np.where(is_even, self.effective_rank, np.nan)
        if not len(self.distances):
            return measures
        paired = weights[:, : len(self.distances)]
        return {"alignment": _ratio(paired @ self.distances, paired.sum(axis=1))} | measures

    def _of_texts(self, weights: Weights) -> dict[str, Values]:
        """Return the measures of the texts under their weights (R, T)."""
        own = (weights**2).sum(axis=1)
        pairs = weights.sum(axis=1) ** 2 - own  # ordered pairs of different texts, (R,)
        near = ((weights.astype(np.float32) @ self.nearness) * weights).sum(axis=1)
        cosines = ((weights @ self.unit) ** 2).sum(axis=1) - weights**2 @ (self.unit**2).sum(axis=1)
        return {
            "uniformity": np.log(_ratio(near, pairs)),
            "mean_cosine": _ratio(cosines, pairs),
            "hubness": weighted_skewness(self.occurrences, weights),
            "antihubs": _ratio(weights @ (self.occurrences == 0), weights.sum(axis=1)),
        }

    def _text_weights(self, weights: Weights) -> Weights:
        """Return the mean weight of each text's items, (R, T)."""
        order = np.argsort(self.text_of_item, kind="stable")
        starts = np.searchsorted(self.text_of_item[order], np.arange(len(self.unit)))
        sums: Weights = np.add.reduceat(weights[:, order], starts, axis=1)
        return sums / np.bincount(self.text_of_item)


def weighted_skewness(values: IntArray, weights: Weights) -> Values:
    """Return the skewness (third standardised moment, biased) of values (T,) for each row of weights (R, T).

    It is NaN where all values are one.
    """
    totals = weights.sum(axis=1)
    deviations = values - _ratio(weights @ values, totals)[:, None]  # (R, T)
    second = _ratio((weights * deviations**2).sum(axis=1), totals)
    third = _ratio((weights * deviations**3).sum(axis=1), totals)
    return _ratio(third, second**1.5)


def _ratio(above: Values, below: Values) -> Values:
    """Divide; NaN where nothing is below."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
