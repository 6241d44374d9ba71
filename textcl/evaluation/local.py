"""Rows of local files in one pass: JSON lines, comma- and tab-separated values, each plain or gzipped."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import BinaryIO, cast

from textcl.decoding import decoded
from textcl.delimiters import delimiter_of
from textcl.errors import DataError, suggestion
from textcl.evaluation.rows import Row
from textcl.table_text import TSV, Dialect, column_names, raw_rows, refuse_misfit, refuse_twins

_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # each may be followed by .gz
_TABLES = (".csv", ".tsv")


def file_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, each with its place.

    Columns have the names that a JSON object, or the first line of a table, gives them. Blank lines of JSON are passed
    over. In tab-separated values a quotation mark is a character like any other; in a `.csv` file the delimiter is the
    one that the first line holds most often: a comma, a semicolon, a tab or a bar.

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
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can not be read as {ending[1:].upper()}: {error}.") from error


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
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _ending(path: Path) -> str:
    return plain_name(path).suffix.lower()


def _neighbours(path: Path) -> str:
    """Say what the folder of a missing file holds."""
    if not path.parent.is_dir():
        return f"There is no folder {path.parent} either."
    names = sorted(entry.name for entry in path.parent.iterdir())
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{path.parent} holds {shown or 'nothing'}.{suggestion(path.name, names)}"


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))  # GzipFile iterates over bytes, which its stub leaves out
    return path.open("rb")


def _json_rows(path: Path, lines: Iterable[bytes]) -> Iterator[Row]:
    for number, raw in enumerate(lines, start=1):
        place = f"{path}, line {number}"
        line = decoded(raw, place)
        if line.strip():
            yield Row(place, _json_object(place, line), number)


def _json_object(place: str, line: str) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of more than 4,300 digits
        raise DataError(f"{place}: not JSON ({error}). Each line must be one JSON object.") from error
    if not isinstance(fields, dict):
        raise DataError(f"{place}: {line.strip()[:60]} is not a JSON object.")
    return fields


def _table_rows(path: Path, lines: Iterable[bytes], ending: str) -> Iterator[Row]:
    """Yield the rows of a table, placed by the line on which they start."""
    ahead, lines = tee(lines)
    dialect = TSV
    if ending == ".csv":
        names = next((line for line in ahead if line.strip()), b"").decode(errors="replace")
        dialect = Dialect(delimiter_of(names), is_quoted=True)
    del ahead  # which would keep all lines
    rows = raw_rows(lines, dialect, path)
    head = next(rows, None)
    if head is None:
        return
    place = f"{path}, line {head.number}"
    columns = column_names(head.fields, place)
    refuse_twins(columns, place)
    for row in rows:
        place = f"{path}, line {row.number}"
        refuse_misfit(row.fields, columns, dialect, place)
        yield Row(place, dict(zip(columns, row.fields, strict=True)), row.number)
