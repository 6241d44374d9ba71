"""Rows that repeat an earlier row that was kept: exactly, spelling aside, or nearly."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from textcl.cleaning.minhash import BANDS, Bands, resemblance, runs_of, shared
from textcl.cleaning.rules import Drop
from textcl.folding import folded, folded_words

_SIDES = " | "  # between the texts of a row; no folded text holds it


class Doubles:
    """Remembers the rows that were kept: some 150 bytes a row, and the text of those that may have a near duplicate.

    Args:
        bound: The resemblance from which on a row is a near duplicate; 1: only exact ones are.
        rows: The texts of each row that may be kept, for a first look at 160 bytes a row; not read where the bound
            is 1.
    """

    def __init__(self, bound: float, rows: Iterable[Sequence[str]]) -> None:
        self._bound = bound
        self._exact: dict[int, int] = {}  # hash of a row -> line
        self._bands = Bands(bound) if bound < 1 else None
        self._alike: dict[int, list[tuple[int, str]]] = {}  # number of a band -> lines and texts of rows
        if self._bands is not None:
            numbers = array("q")
            for texts in rows:
                numbers.extend(self._bands.numbers(_folded(texts)).tolist())
            found = shared(np.array(numbers, dtype=np.int64).reshape(-1, BANDS))
            self._alike = {number: [] for number in found.tolist()}

    def repeats(self, texts: Sequence[str], line: int) -> Drop | None:
        """Say which earlier row this one repeats; if none, remember it."""
        text = _folded(texts)
        number = hash(tuple(folded(folded_words(each)) for each in texts))
        if number in self._exact:
            return Drop("duplicate", f"of line {self._exact[number]}")
        numbers = [] if self._bands is None else [n for n in self._bands.numbers(text).tolist() if n in self._alike]
        near = self._nearest(text, numbers)
        if near is not None:
            return Drop("near duplicate", f"of line {near[1]}, resemblance {near[0]:.2f}")
        self._exact[number] = line
        for each in numbers:
            self._alike[each].append((line, text))
        return None

    def _nearest(self, text: str, numbers: list[int]) -> tuple[float, int] | None:
        earlier = {line: other for number in numbers for line, other in self._alike[number]}
        if not earlier:
            return None
        runs = runs_of(text)
        measured = [(resemblance(runs, runs_of(other)), line) for line, other in sorted(earlier.items())]
        best = max(measured, key=lambda found: found[0])
        return best if best[0] >= self._bound else None


def _folded(texts: Sequence[str]) -> str:
    return _SIDES.join(" ".join(folded_words(text)) for text in texts)
