"""Correlations of two models with the same gold scores after items were exchanged between the models.

Two models' cosines lie on scales of their own: one may fill 0.6 to 0.9, another -0.1 to 1. Exchanged as they are, they
would tear both rankings apart, and any difference seen would look small beside that. So what changes sides is what a
metric looks at: for Spearman's the rank of the item among all items of its model, for Pearson's the prediction with
its model's mean taken off, divided by its model's standard deviation. Without an exchange both give the metric itself.

Ranks are not taken again after an exchange. A mixture of two rankings is itself close to uniform, and its mean and
spread, which are taken again, carry the rest; so a permutation costs three sums instead of a sort.
Letters: `R` rows of exchanges, `N` items.
"""

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.task import Swaps, Values

Doubles = NDArray[np.float64]


def standardised(values: Doubles) -> Doubles:
    """Return values (N,) with mean 0 and standard deviation 1; NaN where they are constant."""
    centred = values - values.mean()
    deviation = np.sqrt(np.mean(centred**2))
    constant = not np.ptp(values) > 0
    scaled: Doubles = np.full_like(centred, np.nan) if constant else centred / deviation
    return scaled


def exchanged_correlations(mine: Doubles, its: Doubles, gold: Doubles, swaps: Swaps) -> tuple[Values, Values]:
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


def _sums(predicted: Doubles, gold: Doubles) -> Doubles:
    """What each item adds to the sum of predictions, of their squares, and of their products with gold, (N, 3)."""
    return np.stack([predicted, predicted**2, predicted * gold], axis=1)


def _correlations(sums: Doubles, size: int) -> Values:
    """Return Pearson's coefficient for each row of sums (R, 3) over items whose gold scores are standardised."""
    mean, square, product = (sums / size).T
    variance = square - mean**2
    varies = variance > 1e-12  # beside the 1 of a standardised prediction
    return np.where(varies, np.clip(product / np.sqrt(np.where(varies, variance, 1.0)), -1.0, 1.0), np.nan)
