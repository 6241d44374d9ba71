"""A part of the rows of a source: what is left to train on, and what is held out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle, islice
from typing import Protocol

import numpy as np

from textcl.data.sources.file_rows import source_files
from textcl.text.folding import folded_number
from textcl.types.batches import IntArray
from textcl.types.text import Example, Source, SourceFile
from textcl.util.cache import key_of


class RowNumbers(Protocol):
    """Numbers of rows, ascending."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Rest:
    """All of so many rows but some: it takes 8 bytes for each of these, and none for the others."""

    gaps: IntArray  # of each row left out, ascending: how many rows before it are not
    count: int

    def __len__(self) -> int:
        return self.count - len(self.gaps)

    def __getitem__(self, position: int) -> int:
        return position + int(np.searchsorted(self.gaps, position, side="right"))


_NO_TEXTS: IntArray = np.zeros(0, dtype=np.int64)


class SomeRows:
    """Some rows of a source, numbered anew.

    Args:
        source: Has more rows.
        rows: Which.
        mark: Tells this part of the source from others.
        touched: Rows of the source some of whose negatives are taken away.
        texts: The numbers of the texts that are no negatives, ascending.
    """

    def __init__(
        self, source: Source, rows: RowNumbers, mark: str, touched: Iterable[int] = (), texts: IntArray = _NO_TEXTS
    ) -> None:
        self._source, self._rows, self._mark = source, rows, mark
        self._touched, self._texts = frozenset(touched), texts

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what the source holds, and which rows of it these are."""
        return key_of(self._source.fingerprint, self._mark)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are in, whole."""
        return source_files(self._source)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        inner = int(self._rows[row])
        example = replace(self._source[inner], row=row)
        return self._without(example) if inner in self._touched else example

    def location(self, row: int) -> str:
        """Where the row stands in the source."""
        return self._source.location(int(self._rows[row]))

    def _without(self, example: Example) -> Example:
        """Return a row whose other negatives, with their scores, stand in for those that are held out."""
        is_held = np.isin([folded_number(text) for text in example.negatives], self._texts)
        stay = list(islice(cycle(np.flatnonzero(~is_held).tolist()), len(is_held)))
        scores, positives = example.scores, len(example.positives)
        return replace(
            example,
            negatives=tuple(example.negatives[position] for position in stay),
            scores=scores and scores[:positives] + tuple(scores[positives + position] for position in stay),
        )
