"""The rows of a file as they are written, so that those that are kept come out as they went in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError
from textcl.files.lines import decoded, open_lines
from textcl.files.tables import TSV, Dialect, RawRow, column_names, delimiter_of, raw_rows, refuse_twins

TEXT = "text"  # the column of a file without columns
_TABLES = (".csv", ".tsv")
_JSON = (".jsonl", ".ndjson", ".json")
_BINARY = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}  # ending -> what `datasets` calls it


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line on which it starts, how it is written, and its fields; None where it cannot be read."""

    line: int
    raw: str  # with its line ends
    fields: Mapping[str, object] | None
    fault: str = ""


def kind_of(path: Path) -> str:
    """Return `.jsonl`, `.csv`, `.tsv`, or `.txt` for any other file, which is read as a text a line.

    Raises:
        DataError: It is a file of columns that is no text.
    """
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in _BINARY:
        raise DataError(
            f"{path} is no file of lines. Write it as JSON lines first, in Python: import datasets; "
            f'datasets.load_dataset("{_BINARY[ending]}", data_files="{path}", split="train").to_json("'
            f'{path.name.partition(".")[0]}.jsonl")'
        )
    return ".jsonl" if ending in _JSON else ending if ending in _TABLES else ".txt"


def header(path: Path) -> str:
    """Return the line of a table that names its columns, as it is written; an empty text for other files.

    Raises:
        DataError: The table has none, or two columns of one name.
    """
    if kind_of(path) not in _TABLES:
        return ""
    with open_lines(path) as lines:
        first = next(_rows(path, lines), None)
    if first is None:
        raise DataError(f"{path}: the file is empty; its first line should name the columns.")
    place = f"{path}, line {first.number}"
    refuse_twins(column_names(first.fields, place), place)
    return _raw_text(path, first)


def records(path: Path) -> Iterator[Record]:
    """Yield the rows of a file.

    A row that cannot be read as its file's kind is a record without fields; a blank line is a record of a text file,
    with an empty text, and is passed over elsewhere.

    Raises:
        DataError: There is no such file, a line of it is no UTF-8, the quotation marks of a table do not fit, or it is
            broken as a whole.
    """
    with open_lines(path) as lines:
        yield from _table(path, lines) if kind_of(path) in _TABLES else _lines(path, lines)


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[Record]:
    kind = kind_of(path)
    for number, raw in enumerate(lines, start=1):
        line = decoded(raw, f"{path}, line {number}")
        if kind == ".jsonl" and line.strip() == "[":
            raise DataError(f"{path}, line {number}: starts an array. Write one object a line: jq -c '.[]'")
        if kind == ".txt":
            yield Record(number, line, {TEXT: line.rstrip("\r\n")})
        elif line.strip():
            yield _json_record(number, line)


def _json_record(number: int, raw: str) -> Record:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Record(number, raw, None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return Record(number, raw, None, "not a JSON object")
    return Record(number, raw, fields)


def _table(path: Path, lines: Iterable[bytes]) -> Iterator[Record]:
    rows = _rows(path, lines)
    first = next(rows, None)
    names = () if first is None else column_names(first.fields, f"{path}, line {first.number}")
    for row in rows:
        raw = _raw_text(path, row)
        if len(row.fields) != len(names):
            yield Record(row.number, raw, None, f"{len(row.fields)} fields where the first line names {len(names)}")
        else:
            fields = {name: value for name, value in zip(names, row.fields, strict=True) if name}
            yield Record(row.number, raw, fields)


def _rows(path: Path, lines: Iterable[bytes]) -> Iterator[RawRow]:
    """Yield the rows of a table, its names first."""
    return raw_rows(lines, TSV if kind_of(path) == ".tsv" else Dialect(_delimiter(path), is_quoted=True), path)


def _raw_text(path: Path, row: RawRow) -> str:
    """Return a row as it is written, without the blank lines before it."""
    return decoded(row.raw, f"{path}, line {row.number}").lstrip("\r\n")


def _delimiter(path: Path) -> str:
    with open_lines(path) as lines:
        texts = (decoded(raw, f"{path}, line {number}") for number, raw in enumerate(lines, start=1))
        return delimiter_of(next((text for text in texts if text.strip()), ""))
