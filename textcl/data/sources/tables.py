"""The rows of a table in text, separated by commas or tabs, whose first line names the columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textcl.data.sources.columns import Columns, Named, Notes, columns_of, refuse_missing, tell_left_out_of_file
from textcl.data.sources.concatenation import open_shards
from textcl.data.sources.file_rows import FileRows, source_files
from textcl.files.content import BEGINNING, Content, Offset, Span, open_content
from textcl.files.formats import FileKind
from textcl.files.lines import EmptyFileError
from textcl.files.tables import Dialect, column_names, fields_of, raw_rows, refuse_misfit, tsv_dialect
from textcl.types.text import Example, Source, SourceFile


@dataclass(frozen=True, slots=True)
class TableRows:
    """A row of a table."""

    dialect: Dialect
    names: tuple[str, ...]  # of the table's columns, in order
    columns: Columns

    @property
    def is_quoted(self) -> bool:
        """Whether a row may hold line breaks, between quotation marks."""
        return self.dialect.is_quoted

    def spans(self, content: Content, begin: Offset = BEGINNING) -> Iterator[Span]:
        """Find the rows below the names."""
        rows = table_spans(content, self.dialect, begin)
        if begin == BEGINNING:
            next(rows)
        return rows

    def example(self, row: int, raw: bytes, location: str) -> Example:
        """Read a row."""
        return self.columns.example(row, self.record(raw, location), location)

    def record(self, raw: bytes, location: str) -> dict[str, str]:
        """Return the fields of a row."""
        return table_record(raw, self.dialect, self.names, location)


def open_table(path: str, dialect: Dialect | None, columns: Columns) -> Source:
    """Open a table, or a folder of shards, as rows.

    Args:
        path: As the user names it.
        dialect: How it is written; None: tab-separated, quoted or not.
        columns: Those that are read.

    Raises:
        DataError: The file is missing or holds no rows, a column is missing or there twice, or a row is faulty.
    """
    opened = partial(_open, path, dialect, columns)
    return open_shards(path, FileKind.TSV if dialect is None else FileKind.CSV, opened)


def _open(path: str, dialect: Dialect | None, columns: Columns, file: Path) -> FileRows:
    content = open_content(file)
    written = dialect or tsv_dialect(file)
    names = table_names(content, written)
    refuse_missing(columns, names, f"{content.path}, line 1")
    form = TableRows(written, names, columns)
    rows = FileRows(str(file), form, noting=Notes)
    tell_left_out_of_file(path, rows, form)
    return rows


def table_names(content: Content, dialect: Dialect) -> tuple[str, ...]:
    """Return what the first line calls the columns.

    Raises:
        DataError: The file is empty, or its first line names none.
    """
    first = next(table_spans(content, dialect), None)
    if first is None:
        raise EmptyFileError(content.path)
    location = f"{content.path}, line {first.number}"
    return column_names(fields_of(first.raw, dialect, location), location)


def table_spans(content: Content, dialect: Dialect, begin: Offset = BEGINNING) -> Iterator[Span]:
    """Yield the rows of a table, from its beginning with the names; empty lines between rows are none.

    Raises:
        DataError: A row is not UTF-8, or its quotation marks do not fit.
    """
    rows = raw_rows(content.lines(begin.byte), dialect, content.path, begin)
    return (Span(row.number, row.start, row.raw) for row in rows)


def table_record(raw: bytes, dialect: Dialect, names: tuple[str, ...], location: str) -> dict[str, str]:
    """Return the fields of a row by their names.

    Raises:
        DataError: They are more or fewer than the names.
    """
    fields = fields_of(raw, dialect, location)
    refuse_misfit(fields, names, dialect, location)
    return dict(zip(names, fields, strict=True))


class CSV:
    """Rows of a CSV file (UTF-8, plain, `.gz`, `.bz2`, `.xz` or `.zst`), whose first line names the columns.

    A field in quotation marks may hold commas and line breaks. Where several columns are named for positives or
    negatives, some of them may be empty in a row. The rows stay in the file, of any size; a compressed file is
    unpacked once into the user's cache folder.

    Args:
        path: The file; or a folder of shards, or a pattern of their names.
        anchor: The column of anchors.
        positive: The column of positives, or several; null: the views are made from the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; or the scores of each text, positives first, in a list or in
            several columns: [positive_score, scores]; null: none.
        label: The column of class labels, whole numbers or names; null: none.
        delimiter: What stands between fields, one character: ";" where a comma marks the decimals.

    Raises:
        DataError: The file is missing, empty or not UTF-8, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice, or the delimiter is not one character.

    Example:
        data:
          sources:
            - {use: CSV, path: graded.csv, anchor: first, positive: second, score: score, delimiter: ";"}
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: Named = None,
        label: str | None = None,
        delimiter: str = ",",
    ) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError(f"delimiter must be one character such as ',' or ';', found {delimiter!r}.")
        columns = columns_of(anchor, positive, negative, score, label)
        self._rows = open_table(path, Dialect(delimiter, is_quoted=True), columns)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are in."""
        return source_files(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the file and the line on which the row begins."""
        return self._rows.location(row)


class TSV:
    r"""Rows of a TSV file (UTF-8, plain, `.gz`, `.bz2`, `.xz` or `.zst`), whose first line names the columns.

    A row is a line, and a quotation mark a character like any other, unless the whole file is written as spreadsheets
    and pandas do: fields that hold a quotation mark, a comma or a break stand between marks, and those inside are
    doubled. Where several columns are named for positives or negatives, some of them may be empty in a row. The rows
    stay in the file, of any size; a compressed file is unpacked once into the user's cache folder.

    Args:
        path: The file; or a folder of shards, or a pattern of their names.
        anchor: The column of anchors.
        positive: The column of positives, or several; null: the views are made from the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; or the scores of each text, positives first, in a list or in
            several columns: [positive_score, scores]; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, empty or not UTF-8, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice.

    Example:
        data:
          sources:
            - {use: TSV, path: labelled.tsv, anchor: text, positive: null, label: topic}
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: Named = None,
        label: str | None = None,
    ) -> None:
        columns = columns_of(anchor, positive, negative, score, label)
        self._rows = open_table(path, None, columns)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are in."""
        return source_files(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the file and the line on which the row begins."""
        return self._rows.location(row)
