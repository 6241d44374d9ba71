"""The rows of a file as they are written, so that those that are kept come out as they went in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError
from textcl.files.formats import FileKind, kind_of
from textcl.files.json_lines import json_record
from textcl.files.lines import EmptyFileError, decoded, reading, refuse_object
from textcl.files.rows import TEXT, file_rows
from textcl.files.tables import RawRow, column_names, dialect_of, raw_rows, refuse_misfit, refuse_twins

_TABLES = (FileKind.CSV, FileKind.TSV)
_COLUMNAR = (FileKind.PARQUET, FileKind.ARROW)


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line on which it starts, how it is written, and its fields; None where it cannot be read."""

    line: int
    raw: str  # with its line ends
    fields: Mapping[str, object] | None
    error: str = ""


def written_as(path: Path) -> FileKind:
    """Return the kind of file that the rows of a file are written to: its own, but JSONL for Parquet and Arrow."""
    kind = kind_of(path)
    return FileKind.JSON if kind in _COLUMNAR else kind


def header(path: Path) -> str:
    """Return the line of a table that names its columns, as it is written; an empty text for other files.

    Raises:
        DataError: The table has none, or two columns of one name.
    """
    if kind_of(path) not in _TABLES:
        return ""
    first = next(_raw_rows(path), None)
    if first is None:
        raise EmptyFileError(path)
    location = f"{path}, line {first.number}"
    refuse_twins(column_names(first.fields, location), location)
    return _raw_text(path, first)


def records(path: Path) -> Iterator[Record]:
    """Yield the rows of a file.

    A row that cannot be read as its file's kind is a record without fields; a blank line is a record of a text file,
    with an empty text, and is passed over elsewhere. A row of Parquet or Arrow is written as JSON.

    Raises:
        DataError: There is no such file, a line of it is no UTF-8, the quotation marks of a table do not fit, or it is
            broken as a whole.
    """
    kind = kind_of(path)
    if kind in _TABLES:
        return _table(path)
    if kind in _COLUMNAR:
        return _columnar(path)
    return _objects(path) if kind is FileKind.JSON else _texts(path)


def _texts(path: Path) -> Iterator[Record]:
    with reading(path) as lines:
        for number, raw in enumerate(lines, start=1):
            location = f"{path}, line {number}"
            line = decoded(raw, location)
            if number == 1:
                refuse_object(line.strip(), location)
            yield Record(number, line, {TEXT: line.rstrip("\r\n")})


def _objects(path: Path) -> Iterator[Record]:
    is_first = True
    with reading(path) as lines:
        for number, raw in enumerate(lines, start=1):
            location = f"{path}, line {number}"
            line = decoded(raw, location)
            if line.strip():
                yield _json_record(number, line, location, is_first=is_first)
                is_first = False


def _json_record(number: int, raw: str, location: str, *, is_first: bool) -> Record:
    try:
        return Record(number, raw, json_record(raw, location))
    except DataError as error:
        if is_first and raw.lstrip().startswith("["):  # the whole file is one array
            raise
        return _unreadable(number, raw, location, error)


def _columnar(path: Path) -> Iterator[Record]:
    for row in file_rows(path):
        fields = {name: value for name, value in row.fields.items() if name}
        yield Record(row.line, f"{json.dumps(fields, ensure_ascii=False, default=str)}\n", fields)


def _table(path: Path) -> Iterator[Record]:
    rows, dialect = _raw_rows(path), dialect_of(path)
    first = next(rows, None)
    names = () if first is None else column_names(first.fields, f"{path}, line {first.number}")
    for row in rows:
        location, raw = f"{path}, line {row.number}", _raw_text(path, row)
        try:
            refuse_misfit(row.fields, names, dialect, location)
        except DataError as error:
            yield _unreadable(row.number, raw, location, error)
        else:
            yield Record(row.number, raw, {name: value for name, value in zip(names, row.fields, strict=True) if name})


def _unreadable(number: int, raw: str, location: str, error: DataError) -> Record:
    return Record(number, raw, None, str(error).removeprefix(f"{location}: "))


def _raw_rows(path: Path) -> Iterator[RawRow]:
    """Yield the rows of a table, its names first."""
    dialect = dialect_of(path)
    with reading(path) as lines:
        yield from raw_rows(lines, dialect, path)


def _raw_text(path: Path, row: RawRow) -> str:
    """Return a row as it is written, without the blank lines before it."""
    return decoded(row.raw, f"{path}, line {row.number}").lstrip("\r\n")
