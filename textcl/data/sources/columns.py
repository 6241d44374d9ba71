"""From a record with named columns to an Example, with errors that name the column."""

import logging
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Protocol

from textcl.errors import DataError
from textcl.files.rows import LOOKED_AT, missing_column, tell_missing, tell_unread, unread_texts
from textcl.files.values import SPELLED_MISSING, checked_number, checked_text, checked_texts, number_spelled, shown
from textcl.text.folding import number_of
from textcl.types.text import Example

Named = str | list[str] | None  # as a recipe names columns of texts: one, several, or none
_LEADING_ZERO = re.compile(r"\s*[-+]?0\d")
_LEAST_LABEL = -(2**63)  # labels are int64; a whole number beyond is taken for a name


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a record hold what; none: not read."""

    anchor: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    score: tuple[str, ...]
    label: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """All that are read."""
        label = () if self.label is None else (self.label,)
        return tuple(dict.fromkeys((self.anchor, *self.positives, *self.negatives, *self.score, *label)))

    def example(self, row: int, record: Mapping[str, object], location: str) -> Example:
        """Read a record.

        Raises:
            DataError: A column is missing or holds what cannot be used.
        """
        anchor = checked_text(_value(record, self.anchor, location), f"{location}, column '{self.anchor}'").strip()
        positives = _texts(record, self.positives, location)
        negatives = _texts(record, self.negatives, location, may_be_empty=True)
        score = _score(record, self.score, location)
        scores = score if isinstance(score, tuple) else ()
        if isinstance(score, tuple):
            _refuse_miscounted(scores, positives, negatives, f"{location}, column {_quoted(self.score)}")
            score = None
        return Example(row, anchor, positives, negatives, score, _label(record, self.label, location), scores)


def columns_of(anchor: str, positive: Named, negative: Named, score: Named, label: str | None) -> Columns:
    """Return the columns that a recipe names.

    Raises:
        ValueError: A column of texts is named twice: a text would be its own positive or negative; or one of scores is.
    """
    positives, negatives, scores = _listed(positive), _listed(negative), _listed(score)
    texts = (anchor, *positives, *negatives)
    twice = next((name for name in texts if texts.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"column '{twice}' is named twice among anchor, positive and negative; name it once.")
    if len(set(scores)) < len(scores):
        raise ValueError(f"score names a column twice ({', '.join(scores)}); name it once.")
    return Columns(anchor, positives, negatives, scores, label)


def refuse_missing(columns: Columns, found: Collection[str], location: str) -> None:
    """Refuse a table without a column that is named, or with two of that name.

    Raises:
        DataError: Names the column and those that are there.
    """
    for name in columns.names:
        if name not in found:
            raise missing_column(name, found, location)
        if list(found).count(name) > 1:
            raise DataError(
                f"{location}: there are {list(found).count(name)} columns '{name}'; rename or drop all but one."
            )


_log = logging.getLogger(__name__)
_NAME_THEM = "Name them in the recipe (anchor, positive, negative), or drop them from the file."


def tell_left_out(path: object, records: Iterable[Mapping[str, object]], columns: Columns) -> None:
    """Warn of columns of texts that a source does not read, by its first rows."""
    tell_unread(str(path), unread_texts(records, columns.names), _NAME_THEM)


class RawRows(Protocol):
    """The rows of a file as they stand there."""

    def __len__(self) -> int: ...

    def raw(self, row: int) -> bytes:
        """Return the bytes of a row."""
        ...

    def location(self, row: int) -> str:
        """Say where a row stands."""
        ...


class RecordFormat(Protocol):
    """How rows with columns are read."""

    @property
    def columns(self) -> Columns:
        """Those that are read."""
        ...

    def record(self, raw: bytes, location: str) -> Mapping[str, object]:
        """Return all fields of a row."""
        ...


def tell_left_out_of_file(path: object, rows: RawRows, form: RecordFormat) -> None:
    """Warn of columns of texts that are not read of a file; `path` is as the user names it."""
    first = range(min(len(rows), LOOKED_AT))
    tell_left_out(path, (form.record(rows.raw(row), rows.location(row)) for row in first), form.columns)


@dataclass(slots=True)
class Notes:
    """Counts texts that spell a missing one, and rows without negatives, and warns of them."""

    rows: int = 0
    missing: int = 0
    pairs: int = 0

    def over(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Hand on all rows, and count."""
        for example in examples:
            self.rows += 1
            self.missing += not SPELLED_MISSING.isdisjoint((example.anchor, *example.positives, *example.negatives))
            self.pairs += not example.negatives
            yield example

    def add(self, other: "Notes") -> None:
        """Count what another has counted."""
        self.rows += other.rows
        self.missing += other.missing
        self.pairs += other.pairs

    def tell(self, named: object) -> None:
        """Warn of what was counted in what is named so."""
        tell_missing(str(named), self.missing)
        if 0 < self.pairs < self.rows:
            _log.warning(
                "%s: %s of %s rows have no negative, and train as pairs.", named, f"{self.pairs:,}", f"{self.rows:,}"
            )


def _listed(named: Named) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named or ())


def _value(record: Mapping[str, object], column: str, location: str) -> object:
    if column not in record:
        raise missing_column(column, record, location)
    return record[column]


def _texts(
    record: Mapping[str, object], columns: tuple[str, ...], location: str, *, may_be_empty: bool = False
) -> tuple[str, ...]:
    """Read the texts of one column, or of several, some of which may be empty."""
    if len(columns) > 1 or may_be_empty:
        filled = tuple(column for column in columns if not _is_empty(_value(record, column, location)))
        if not filled and not may_be_empty:
            raise DataError(
                f"{location}: found no text in any of the columns {_quoted(columns)}; one of them must hold one."
            )
        columns = filled
    return tuple(chain.from_iterable(_column_texts(record, column, location) for column in columns))


def _quoted(columns: Iterable[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)


def _is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _column_texts(record: Mapping[str, object], column: str, location: str) -> tuple[str, ...]:
    texts = checked_texts(_value(record, column, location), f"{location}, column '{column}'")
    return tuple(text.strip() for text in texts)


def _score(record: Mapping[str, object], columns: tuple[str, ...], location: str) -> float | tuple[float, ...] | None:
    """Read the score of a row, or those of its texts: from lists, or from several columns, some perhaps empty."""
    values = {column: _value(record, column, location) for column in columns}
    if len(columns) > 1:
        values = {column: value for column, value in values.items() if not _is_empty(value)}
    numbers, has_list = list[float](), False
    for column, value in values.items():
        where = f"{location}, column '{column}'"
        has_list |= isinstance(value, list | tuple)
        numbers += [checked_number(each, where) for each in (value if isinstance(value, list | tuple) else [value])]
    if has_list or len(columns) > 1:
        return tuple(numbers)
    return numbers[0] if columns else None


def _refuse_miscounted(
    scores: tuple[float, ...], positives: tuple[str, ...], negatives: tuple[str, ...], where: str
) -> None:
    """Refuse a list of scores that has not one for each text."""
    if not positives:
        raise DataError(
            f"{where}: found a list of scores, of a positive and its negatives, but no column of positives is named. "
            "Name it in the recipe (positive: …)."
        )
    if len(scores) != len(positives) + len(negatives):
        raise DataError(
            f"{where}: found {len(scores)} scores for {len(positives)} positives and {len(negatives)} negatives. There "
            "must be one for each, those of the positives first; name all columns of texts and of scores, as in "
            "{positive: positive, negative: negatives, score: [positive_score, scores]}."
        )


def _label(record: Mapping[str, object], column: str | None, location: str) -> int | None:
    """Read a label: a whole number, however it is typed, or a name, which is numbered; 007 is a name."""
    if column is None:
        return None
    value = _value(record, column, location)
    if isinstance(value, str) and value.strip():
        value = value.strip() if _LEADING_ZERO.match(value) else number_spelled(value)
    if isinstance(value, str) and value:
        return number_of(value)
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if not isinstance(value, int):
        raise DataError(f"{location}, column '{column}': found {shown(value)}; it should be a whole number or a name.")
    return int(value) if _LEAST_LABEL <= value < -_LEAST_LABEL else number_of(str(value))
