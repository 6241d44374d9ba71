"""Cutting scored items in two: those at or above a threshold are taken, and some of them are right.

Items of one score stand on one side of any threshold, so a cut goes between distinct scores only. A weight of n counts
an item n times, as if it stood there so often.
Letters: `R` rows of weights, `N` items, `G` distinct scores, the highest first.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.task import Values, Weights
from textcl.util.cosines import Float64Array


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is taken at each distinct score, and what of it is right."""

    scores: Float64Array  # (G,), falling
    weights: Float64Array  # (R, G): of the items that have this score
    taken: Float64Array  # (R, G): weight of the items at this score or above
    right: Float64Array  # (R, G): of these, the weight of those that are right

    @classmethod
    def of(cls, scores: Float64Array, hits: NDArray[np.bool_], weights: Weights) -> Self:
        """Cut items with these scores (N,), of which `hits` (N,) are right, under weights (R, N)."""
        order = np.argsort(-scores, kind="stable")
        falling = scores[order]
        starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
        weighted = weights[:, order]
        each = np.add.reduceat(weighted, starts, axis=1)
        right = np.add.reduceat(weighted * hits[order], starts, axis=1)
        return cls(falling[starts], each, np.cumsum(each, axis=1), np.cumsum(right, axis=1))

    def best(self, quality: Float64Array) -> tuple[Values, Values]:
        """Return the highest quality (R, G) of each row, and the threshold that reaches it.

        The threshold lies half-way to the next lower score of an item that counts; at the lowest it is that score.
        """
        position = np.argmax(quality, axis=1)  # the first of several: never a score that no item of the row has
        rows = np.arange(len(quality))
        counted = np.where(self.weights > 0, self.scores, -np.inf)
        below = np.maximum.accumulate(counted[:, ::-1], axis=1)[:, ::-1]  # at this score or under it
        following = np.concatenate([below[:, 1:], np.full((len(rows), 1), -np.inf)], axis=1)[rows, position]
        own = self.scores[position]
        return quality[rows, position], np.where(np.isfinite(following), (own + following) / 2, own)

    def best_f1(self, relevant: Values) -> tuple[Values, Values]:
        """Return the best F1 and its threshold, where `relevant` (R,) should be found; NaN where that is 0."""
        some = relevant > 0
        f1, threshold = self.best(2 * self.right / (self.taken + np.where(some, relevant, 1.0)[:, None]))
        return np.where(some, f1, np.nan), np.where(some, threshold, np.nan)

    def average_precision(self, relevant: Values) -> Values:
        """Return the mean of the precision at every item that should be found, as scikit-learn defines it.

        Items of one score share the precision after the last of them. NaN where `relevant` (R,) is 0.
        """
        precision = self.right / np.where(self.taken > 0, self.taken, 1.0)
        steps = np.diff(self.right, axis=1, prepend=0.0)
        return np.where(relevant > 0, (steps * precision).sum(axis=1) / np.where(relevant > 0, relevant, 1.0), np.nan)


def positions_from_top(scores: Float64Array) -> Float64Array:
    """Return scores (N,) that have the same order and mean the same for any two models: minus the position from the
    top.

    Equal scores share their average position; minus infinity, an item without a score, stays what it is.
    """
    _, group, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    positions = (last - (counts - 1) / 2)[group]
    return np.where(np.isfinite(scores), -positions, -np.inf)
