"""The rows of a file as they are written, so that those that are kept come out as they went in."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textcl.cleaning.files import Lines, open_lines
from textcl.delimiters import delimiter_of
from textcl.errors import DataError

TEXT = "text"  # the column of a file without columns
_TABLES = (".csv", ".tsv")
_JSON = (".jsonl", ".ndjson", ".json")
_BINARY = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}  # ending -> what `datasets` calls it
_LONGEST = 64 << 20  # characters of a field of a table


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line on which it starts, how it is written, and its fields; None where it can not be read."""

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
        names, raw = next(((names, raw) for _, names, raw in _rows(path, lines)), ([], ""))
        if not names:
            raise DataError(f"{path}: the file is empty; its first line should name the columns.")
        twice = next((name for name in _stripped(names) if name and _stripped(names).count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path}, line {lines.number}: two columns are named '{twice}'; rename or drop one.")
    return raw


def records(path: Path) -> Iterator[Record]:
    """Yield the rows of a file.

    A row that can not be read as its file's kind is a record without fields; a blank line is a record of a text file,
    with an empty text, and is passed over elsewhere.

    Raises:
        DataError: There is no such file, a line of it is no UTF-8, the quotation marks of a table do not fit, or it is
            broken as a whole.
    """
    with open_lines(path) as lines:
        yield from _table(path, lines) if kind_of(path) in _TABLES else _lines(path, lines)


def _lines(path: Path, lines: Lines) -> Iterator[Record]:
    kind = kind_of(path)
    for line in lines:
        raw = lines.taken()
        if kind == ".jsonl" and line.strip() == "[":
            raise DataError(f"{path}, line {lines.number}: starts an array. Write one object a line: jq -c '.[]'")
        if kind == ".txt":
            yield Record(lines.number, raw, {TEXT: line.rstrip("\r\n")})
        elif line.strip():
            yield _json_record(lines.number, raw)


def _json_record(number: int, raw: str) -> Record:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Record(number, raw, None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return Record(number, raw, None, "not a JSON object")
    return Record(number, raw, fields)


def _table(path: Path, lines: Lines) -> Iterator[Record]:
    rows = _rows(path, lines)
    names = next((_stripped(names) for _, names, _ in rows), [])
    for line, values, raw in rows:
        if len(values) != len(names):
            yield Record(line, raw, None, f"{len(values)} fields where the first line names {len(names)}")
        else:
            fields = {name: value for name, value in zip(names, values, strict=True) if name}
            yield Record(line, raw, fields)


def _rows(path: Path, lines: Lines) -> Iterator[tuple[int, list[str], str]]:
    """Yield the rows of a table, its names first: where they start, their fields, and as they are written."""
    csv.field_size_limit(max(_LONGEST, csv.field_size_limit()))  # to drop an over-long text, it must be read
    if kind_of(path) == ".tsv":  # there a quotation mark is a character like any other
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    else:
        reader = csv.reader(lines, delimiter=_delimiter(path), strict=True)
    while True:
        start = lines.number + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            raise DataError(
                f"{path}, line {start}: the row that starts here can not be read ({error}). Look for a quotation mark "
                "that is not closed or not doubled, or line ends other than those of Unix and Windows."
            ) from error
        raw = lines.taken()
        if values is None:
            return
        if values:
            yield start, values, raw


def _delimiter(path: Path) -> str:
    with open_lines(path) as lines:
        return delimiter_of(next((line for line in lines if line.strip()), ""))


def _stripped(names: list[str]) -> list[str]:
    return [name.strip() for name in names]
