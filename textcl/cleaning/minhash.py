"""Near duplicates: texts whose runs of letters are mostly the same.

The measure is the resemblance of Broder: runs that two texts share, divided by the runs of both (Jaccard). Runs are
those of five letters of the folded words with a blank between them, so that a word more or less, or a letter, changes
little of a sentence. Candidates are found by the smallest values of random orderings of the runs, several of them in a
band; each candidate is then measured exactly, so a text is never called a near duplicate wrongly, and a pair just at
the bound is overlooked once in a hundred times, closer ones far more seldom.

Source:
    Broder 1997, On the resemblance and containment of documents. Bands: Leskovec, Rajaraman and Ullman 2014, Mining of
    Massive Datasets, section 3.4.
"""

import math

import numpy as np
from numpy.typing import NDArray

from textcl.types import IntArray

RUN = 5  # letters
BANDS = 20
FOUND = 0.99  # of the pairs just at the bound
_SEED = 17
Runs = NDArray[np.uint64]  # of a text, sorted


class Bands:
    """Gives texts `BANDS` numbers each; two texts share one of them the more likely, the more alike they are.

    Args:
        bound: The resemblance from which on texts shall be found, above 0 and below 1.
    """

    def __init__(self, bound: float) -> None:
        self._rows = rows_of_band(bound)
        rng = np.random.default_rng(_SEED)
        shape = (BANDS * self._rows, 1)
        self._factors = rng.integers(1, 2**63, shape, dtype=np.uint64) | np.uint64(1)
        self._shifts = rng.integers(0, 2**63, shape, dtype=np.uint64)

    def numbers(self, runs: Runs) -> IntArray:
        """Return the numbers of a folded text by its runs, (BANDS,)."""
        smallest = ((runs * self._factors + self._shifts) >> np.uint64(16)).min(axis=1)  # (BANDS * rows,)
        mixed = np.zeros(BANDS, dtype=np.uint64)
        for row in smallest.reshape(BANDS, self._rows).T:
            mixed = _mixed(mixed ^ row)
        return (mixed ^ np.arange(BANDS, dtype=np.uint64)).view(np.int64)


def rows_of_band(bound: float) -> int:
    """Return the most orderings of a band with which `FOUND` of the pairs just at the bound share a band."""
    chance = 1 - (1 - FOUND) ** (1 / BANDS)  # that one given band is shared
    return max(1, math.floor(math.log(chance) / math.log(bound)))


def runs_of(text: str) -> Runs:
    """Return the distinct runs of a text as numbers; a text shorter than a run is one run."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if len(letters) < RUN:
        letters = np.pad(letters, (0, RUN - len(letters)))
    windows = np.lib.stride_tricks.sliding_window_view(letters, RUN)
    number = np.zeros(len(windows), dtype=np.uint64)
    for column in windows.T:
        number = _mixed(number ^ column)
    return np.unique(number)


def resemblance(first: Runs, second: Runs) -> float:
    """Return the share of the runs of two texts that both have."""
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / (len(first) + len(second) - common)


def shared(numbers: IntArray) -> IntArray:
    """Return the numbers (N, BANDS) that more than one text has in the same band, sorted."""
    repeated = [np.empty(0, dtype=np.int64)]
    for band in numbers.T:
        values, counts = np.unique(band, return_counts=True)
        repeated.append(values[counts > 1])
    return np.unique(np.concatenate(repeated))


def _mixed(number: Runs) -> Runs:
    """Spread numbers over 64 bits: the finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    number = number + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
