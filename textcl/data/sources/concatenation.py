"""Several sources read as one."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from textcl.types.text import Example, Source


class Concatenation:
    """The rows of several sources, end to end, numbered anew.

    Args:
        sources: At least one.

    Raises:
        ValueError: No sources.

    Example:
        data:
          sources:
            - {use: Concatenation, sources: [{use: TextLines, path: a.txt}, {use: TextLines, path: b.txt}]}
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        if not sources:
            raise ValueError("Concatenation needs at least one source, found none.")
        self._sources = tuple(sources)
        self._ends = list(accumulate(len(source) for source in self._sources))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the fingerprints of the sources, in their order."""
        parts = " ".join(source.fingerprint for source in self._sources)
        return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, row: int) -> Example:
        source, inner = self._locate(row)
        return replace(source[inner], row=range(len(self))[row])

    def location(self, row: int) -> str:
        """Where the row stands in its own source."""
        source, inner = self._locate(row)
        return source.location(inner)

    def _locate(self, row: int) -> tuple[Source, int]:
        row = range(len(self))[row]
        number = bisect_right(self._ends, row)
        return self._sources[number], row - (self._ends[number - 1] if number else 0)
