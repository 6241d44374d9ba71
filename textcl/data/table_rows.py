"""The rows of a table in text, separated by commas or tabs, whose first line names the columns."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.data.columns import Columns, refuse_missing
from textcl.data.content import Content, open_content
from textcl.data.file_rows import FileRows, Span
from textcl.data.lines import decoded
from textcl.errors import DataError
from textcl.types import Example

_WHOLE = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    is_quoted: bool  # whether a field may stand in quotation marks, and then hold delimiters and line breaks


@dataclass(frozen=True, slots=True)
class TableRows:
    """A row of a table."""

    dialect: Dialect
    names: tuple[str, ...]  # of the table's columns, in order
    columns: Columns

    def spans(self, content: Content) -> Iterator[Span]:
        """Find the rows below the names."""
        rows = table_spans(content, self.dialect)
        next(rows)
        return rows

    def example(self, row: int, raw: bytes, place: str) -> Example:
        """Read a row; scores and labels that are numbers are read as such."""
        record: dict[str, object] = dict(table_record(raw, self.dialect, self.names, place))
        for name in (self.columns.score, self.columns.label):
            if name is not None:
                record[name] = _number(str(record[name]))
        return self.columns.example(row, record, place)


def open_table(path: str, dialect: Dialect, columns: Columns) -> FileRows:
    """Open a table as rows.

    Raises:
        DataError: The file is missing or holds no rows, a column is missing or there twice, or a row is faulty.
    """
    content = open_content(Path(path).expanduser())
    names = table_names(content, dialect)
    refuse_missing(columns, names, f"{content.path}, line 1")
    return FileRows(path, TableRows(dialect, names, columns))


def table_names(content: Content, dialect: Dialect) -> tuple[str, ...]:
    """Return what the first line calls the columns.

    Raises:
        DataError: The file is empty.
    """
    first = next(table_spans(content, dialect), None)
    if first is None:
        raise DataError(f"{content.path}: the file is empty; its first line should name the columns.")
    return tuple(name.strip() for name in _fields(first.raw, dialect, f"{content.path}, line {first.number}"))


def table_spans(content: Content, dialect: Dialect) -> Iterator[Span]:
    """Yield the rows of a table, the names included; empty lines between rows are none.

    Raises:
        DataError: A row is not UTF-8, or its quotation marks do not fit.
    """
    lines = _Lines(content)
    rows = _reader(lines, dialect)
    while True:
        number, start = lines.number + 1, lines.start
        place = f"{content.path}, line {number}"
        try:
            fields = next(rows, None)
        except csv.Error as fault:
            raise _broken(fault, place) from fault
        raw = lines.taken()
        if fields is None:
            return
        if fields:
            yield Span(number, start, raw)


def table_record(raw: bytes, dialect: Dialect, names: tuple[str, ...], place: str) -> dict[str, str]:
    """Return the fields of a row by their names.

    Raises:
        DataError: They are more or fewer than the names.
    """
    fields = _fields(raw, dialect, place)
    if len(fields) != len(names):
        way_out = " Quote fields that hold one." if dialect.is_quoted else ""
        raise DataError(
            f"{place}: found {len(fields)} fields between {dialect.delimiter!a}, but line 1 names {len(names)} "
            f"columns: {', '.join(names)}.{way_out}"
        )
    return dict(zip(names, fields, strict=True))


class _Lines:
    """The lines of a file for a csv reader, which remembers those that it took for a row."""

    def __init__(self, content: Content) -> None:
        self.number, self.start = 0, 0  # the lines that were taken, and the byte after them
        self._content = content
        self._lines = content.lines()
        self._taken: list[bytes] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        self.number += 1
        self.start += len(raw)
        self._taken.append(raw)
        return decoded(raw, f"{self._content.path}, line {self.number}")

    def taken(self) -> bytes:
        """Return what was taken since the last call."""
        raw = b"".join(self._taken)
        self._taken.clear()
        return raw


def _fields(raw: bytes, dialect: Dialect, place: str) -> list[str]:
    try:
        return next(_reader(iter([decoded(raw, place).rstrip("\r\n")]), dialect))
    except csv.Error as fault:
        raise _broken(fault, place) from fault


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if dialect.is_quoted:
        return csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)


def _broken(fault: csv.Error, place: str) -> DataError:
    return DataError(
        f"{place}: not a row of a table ({fault}). Look for a quotation mark that is not closed or not doubled, or "
        "line ends other than those of Unix and Windows."
    )


def _number(text: str) -> object:
    """Return a field as the number that it spells, else as it is."""
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
