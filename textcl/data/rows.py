"""Read rows of a source as the texts of their views, refusing rows that are unlike the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from textcl.data.views import ViewSpec, ViewText, texts_of
from textcl.errors import DataError
from textcl.types import Example, Role, Source


@dataclass(frozen=True, slots=True)
class RowTexts:
    """One row of a source in one epoch."""

    row: int
    texts: tuple[ViewText, ...]  # V
    score: float | None
    label: int | None


class RowReader:
    """Reads rows as V texts each. The first row of the source shows what every row must have.

    Args:
        source: At least two rows.
        views: V views, at least one.
        seed: The seed of the run's data.

    Raises:
        DataError: Fewer than two rows.
        ValueError: No views.
    """

    def __init__(self, source: Source, views: Sequence[ViewSpec], seed: int) -> None:
        if not views:
            raise ValueError("A run needs at least one view of its rows, found none.")
        if len(source) < 2:
            where = source.place(0) if len(source) else "the source"
            raise DataError(f"{where}: found {len(source)} rows of data; contrast needs at least 2.")
        self.source = source
        self.views = tuple(views)
        self._seed = seed
        self._first = source[0]
        self._negatives = sum(view.role is Role.NEGATIVE for view in views)

    @property
    def has_scores(self) -> bool:
        """Whether the rows carry graded similarities."""
        return self._first.score is not None

    @property
    def has_labels(self) -> bool:
        """Whether the rows carry labels."""
        return self._first.label is not None

    def read(self, row: int, epoch: int) -> RowTexts:
        """Read a row as it is in an epoch.

        Raises:
            DataError: The row lacks a positive, a negative or a score that the views or the first row ask for.
        """
        example = self.source[row]
        if fault := self._fault(example):
            raise DataError(f"{self.source.place(row)}: {fault}")
        return RowTexts(row, texts_of(example, self.views, self._seed, epoch), example.score, example.label)

    def _fault(self, example: Example) -> str | None:
        """Say what a row lacks, and what would be right."""
        if len(example.negatives) < self._negatives:
            count = len(example.negatives)
            return f"found {count} negatives, the views ask for {self._negatives}; add negatives or take views away."
        first = self.source.place(0)
        if bool(example.positives) != bool(self._first.positives):
            found = "a positive, but {} has none" if example.positives else "no positive, but {} has one"
            return f"found {found.format(first)}; give every row a positive, or none of them."
        if (example.score is None) != (self._first.score is None):
            found = "no score, but {} has one" if example.score is None else "a score, but {} has none"
            return f"found {found.format(first)}; give every row a score, or none of them."
        if (example.label is None) != (self._first.label is None):
            found = "no label, but {} has one" if example.label is None else "a label, but {} has none"
            return f"found {found.format(first)}; give every row a label, or none of them."
        return None
