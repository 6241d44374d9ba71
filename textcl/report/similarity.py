"""Histograms of cosines: of texts that belong together, and of texts that chance brought together."""

import numpy as np
from numpy.typing import NDArray

from textcl.report.page_data import Similarities

BINS = 80  # from -1 to 1
Cosines = NDArray[np.float64]


def similarities(positives: Cosines, randoms: Cosines) -> Similarities:
    """Count cosines in bins, and say how often a positive beats a random pair.

    Args:
        positives: Of pairs that belong together, (P,); none where a task knows of no pairs.
        randoms: Of random pairs, (R,).
    """
    return Similarities(_counts(positives), _counts(randoms), _closer(positives, randoms))


def _counts(cosines: Cosines) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(cosines, -1, 1), bins=BINS, range=(-1, 1))
    return tuple(counts.tolist())


def _closer(positives: Cosines, randoms: Cosines) -> float | None:
    """Return the share of all (positive, random) in which the positive is higher; ties are half (Mann-Whitney)."""
    if not len(positives) or not len(randoms):
        return None
    ordered = np.sort(randoms)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).mean() / (2 * len(randoms)))
