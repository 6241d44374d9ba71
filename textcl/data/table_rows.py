"""The rows of a table in text, separated by commas or tabs, whose first line names the columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.data.columns import Columns, number_spelled, refuse_missing
from textcl.data.content import Content, open_content
from textcl.data.file_rows import FileRows, Span
from textcl.errors import DataError
from textcl.table_text import Dialect, column_names, fields_of, raw_rows, refuse_misfit
from textcl.types import Example


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
        """Read a row; a label that spells a number is one."""
        record: dict[str, object] = dict(table_record(raw, self.dialect, self.names, place))
        if self.columns.label is not None:
            record[self.columns.label] = number_spelled(str(record[self.columns.label]))
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
        DataError: The file is empty, or its first line names none.
    """
    first = next(table_spans(content, dialect), None)
    if first is None:
        raise DataError(f"{content.path}: the file is empty; its first line should name the columns.")
    place = f"{content.path}, line {first.number}"
    return column_names(fields_of(first.raw, dialect, place), place)


def table_spans(content: Content, dialect: Dialect) -> Iterator[Span]:
    """Yield the rows of a table, the names included; empty lines between rows are none.

    Raises:
        DataError: A row is not UTF-8, or its quotation marks do not fit.
    """
    rows = raw_rows(content.lines(), dialect, content.path)
    return (Span(row.number, row.start, row.raw) for row in rows)


def table_record(raw: bytes, dialect: Dialect, names: tuple[str, ...], place: str) -> dict[str, str]:
    """Return the fields of a row by their names.

    Raises:
        DataError: They are more or fewer than the names.
    """
    fields = fields_of(raw, dialect, place)
    refuse_misfit(fields, names, dialect, place)
    return dict(zip(names, fields, strict=True))
