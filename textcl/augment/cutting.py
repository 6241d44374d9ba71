"""What the cutoffs share: a rate, and a draw of so many."""

import random

import numpy as np

from textcl.types import BoolArray


def check_rate(rate: float) -> None:
    """Refuse a rate that cuts less than nothing, or everything.

    Raises:
        ValueError: Not 0 ≤ rate < 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: found {rate}, but it must be at least 0 and below 1, the share that is cut.")


def draw_kept(count: int, rate: float, rng: random.Random) -> BoolArray:
    """Draw which of `count` things are kept, (count,): the share `rate` of them is not, but one always is."""
    kept = np.ones(count, dtype=np.bool_)
    kept[rng.sample(range(count), max(0, min(round(rate * count), count - 1)))] = False
    return kept
