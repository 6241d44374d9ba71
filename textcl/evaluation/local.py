"""Rows of local files in one pass: JSON lines, comma- and tab-separated values, each plain or gzipped."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from textcl.errors import DataError, suggestion
from textcl.evaluation.rows import Row

_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # each may be followed by .gz
_TABLES = (".csv", ".tsv")


def file_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, each with its place.

    Columns have the names that a JSON object, or the first line of a table, gives them. Blank lines of JSON are passed
    over. In tab-separated values a quotation mark is a character like any other.

    Raises:
        DataError: The file is missing, has another ending, or can not be read.
    """
    path = present(path)
    ending = _ending(path)
    if ending not in _ENDINGS:
        raise DataError(f"{path} ends in '{ending}'; it must end in {', '.join(_ENDINGS)}, with or without .gz.")
    try:
        with _opened(path) as lines:
            yield from _table_rows(path, lines, ending) if ending in _TABLES else _json_rows(path, lines)
    except (UnicodeDecodeError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can not be read as {ending[1:].upper()} in UTF-8: {error}.") from error


def present(path: Path) -> Path:
    """Return the path, or the path with `.gz`, whichever is there."""
    for candidate in (path, path.with_name(f"{path.name}.gz")):
        if candidate.is_file():
            return candidate
    if path.is_dir():
        raise DataError(f"{path} is a folder; here a file is wanted.")
    raise DataError(f"{path} is not there, nor is {path.name}.gz. {_neighbours(path)}")


def first_present(*paths: Path) -> Path:
    """Return the first of these files that is there, plain or gzipped; when none is, the first."""
    there = (path for path in paths if path.is_file() or path.with_name(f"{path.name}.gz").is_file())
    return next(there, paths[0])


def has_columns(path: Path) -> bool:
    """Say whether a file is one that `file_rows` reads, by its ending; any other is text."""
    return _ending(path) in _ENDINGS


def plain_name(path: Path) -> Path:
    """Return a path without `.gz`."""
    return path.with_suffix("") if path.suffix == ".gz" else path


def _ending(path: Path) -> str:
    return plain_name(path).suffix.lower()


def _neighbours(path: Path) -> str:
    """Say what the folder of a missing file holds."""
    if not path.parent.is_dir():
        return f"There is no folder {path.parent} either."
    names = sorted(entry.name for entry in path.parent.iterdir())
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{path.parent} holds {shown or 'nothing'}.{suggestion(path.name, names)}"


def _opened(path: Path) -> TextIO:
    """Open for reading; the byte order mark that spreadsheets write is passed over."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _json_rows(path: Path, lines: TextIO) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{path}, line {number}"
            yield Row(place, _json_object(place, line), number)


def _json_object(place: str, line: str) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{place}: not JSON ({error}). Each line must be one JSON object.") from error
    if not isinstance(fields, dict):
        raise DataError(f"{place}: {line.strip()[:60]} is not a JSON object.")
    return fields


def _table_rows(path: Path, lines: TextIO, ending: str) -> Iterator[Row]:
    """Yield the rows of a table, placed by the line on which they start."""
    options = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if ending == ".tsv" else {"strict": True}
    reader = csv.reader(lines, **options)
    names = next(reader, [])
    if len(set(names)) < len(names):
        raise DataError(f"{path}, line 1: the columns are {', '.join(names)}; two have one name.")
    start = reader.line_num + 1
    for fields in reader:
        number, start = start, reader.line_num + 1
        place = f"{path}, line {number}"
        if fields and len(fields) != len(names):
            raise DataError(f"{place}: {len(fields)} fields; the first line names {len(names)}: {', '.join(names)}.")
        if fields:
            yield Row(place, dict(zip(names, fields, strict=True)), number)
