"""Rows that repeat an earlier row that was kept: exactly, spelling aside, or nearly.

Near duplicates: texts whose runs of letters are mostly the same.

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
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from textcl.cleaning.rules import Drop
from textcl.text.folding import folded, folded_words
from textcl.types.batches import IntArray

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


MEASURED = 100  # rows that a row is compared with, at most
_CROWD = 1000  # rows of one band that are remembered, the latest
_BETWEEN = " | "  # the texts of a side; no folded text holds it
_Sides = Sequence[Sequence[str]]  # the texts of a row, side by side


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """A row that was kept and may have a near duplicate."""

    position: int  # among the rows that were kept
    sides: tuple[Runs, ...]


class Duplicates:
    """Remembers the rows that were kept: some 150 bytes a row, and the runs of those that may have a near duplicate.

    A row is a near duplicate when each of its sides resembles that of the other: two questions to one long text are two
    rows, and so are a question's two short answers.

    Rows made from one template are all alike, and each would be compared with all before it. So a row is measured
    against 100 at most, those first that share most bands with it, and a band remembers the latest 1,000 rows: among
    more rows of one template than that a near duplicate may be overlooked.

    Args:
        bound: The resemblance from which on a row is a near duplicate; 1: only exact ones are.
        rows: The texts of each side of each row that may be kept, for a first look at 160 bytes a row; not read where
            the bound is 1.
        others: The columns that hold no texts, to tell where a row differs from the one that it repeats; 8 bytes a row
            for each.
    """

    def __init__(self, bound: float, rows: Iterable[_Sides], others: Sequence[str] = ()) -> None:
        self._bound = bound
        self._others = others
        self._lines = array("q")  # of the rows that were kept
        self._values = array("q")  # hashes of their other columns, row after row
        self._exact: dict[int, int] = {}  # hash of a row -> its position among those kept
        self._bands = Bands(bound) if bound < 1 else None
        self._alike: dict[int, deque[_Alike]] = {}  # number of a band -> rows
        if self._bands is not None:
            numbers = array("q")
            for row in rows:
                numbers.extend(self._bands.numbers(_joined(_runs(row))).tolist())
            found = shared(np.array(numbers, dtype=np.int64).reshape(-1, BANDS))
            self._alike = {number: deque(maxlen=_CROWD) for number in found.tolist()}

    def repeats(self, row: _Sides, line: int, fields: Mapping[str, object]) -> Drop | None:
        """Say which earlier row this one repeats; if none, remember it."""
        values = [hash(repr(fields.get(name))) for name in self._others]
        number = hash(tuple(tuple(folded(folded_words(text)) for text in side) for side in row))
        if number in self._exact:
            position = self._exact[number]
            return Drop("duplicate", f"of line {self._lines[position]}{self._differing(position, values)}")
        if self._bands is not None and self._alike:
            alike = _Alike(len(self._lines), _runs(row))
            bands = self._bands.numbers(_joined(alike.sides)).tolist()
            crowds = [self._alike[band] for band in bands if band in self._alike]
            share, position = _nearest(alike.sides, crowds)
            if share >= self._bound:
                differing = self._differing(position, values)
                return Drop("near duplicate", f"of line {self._lines[position]}, resemblance {share:.2f}{differing}")
            for crowd in crowds:
                crowd.append(alike)
        self._exact[number] = len(self._lines)
        self._lines.append(line)
        self._values.extend(values)
        return None

    def _differing(self, position: int, values: Sequence[int]) -> str:
        before = self._values[position * len(values) : (position + 1) * len(values)]
        names = [name for name, one, other in zip(self._others, before, values, strict=True) if one != other]
        return f", but with another {', '.join(names)}" if names else ""


def _nearest(sides: Sequence[Runs], crowds: Iterable[Iterable[_Alike]]) -> tuple[float, int]:
    """Return the resemblance and the position of the most similar row, the earliest of several; 0 where there "
    "is none."""
    sharing = Counter(chain.from_iterable(crowds)).most_common(MEASURED)
    measured = [(min(map(resemblance, sides, row.sides)), -row.position) for row, _ in sharing]
    share, position = max(measured, default=(0.0, 0))
    return share, -position


def _runs(row: _Sides) -> tuple[Runs, ...]:
    return tuple(runs_of(_BETWEEN.join(" ".join(folded_words(text)) for text in side)) for side in row)


def _joined(sides: Sequence[Runs]) -> Runs:
    """Return the runs of a row, those of each side other numbers; then no two rows are less alike than their sides."""
    return np.concatenate([runs + np.uint64(side) for side, runs in enumerate(sides)])
