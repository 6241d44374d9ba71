"""The rows of a file as they are written, so that those that are kept come out as they went in."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from textcl.errors import DataError

if TYPE_CHECKING:
    import _csv

TEXT = "text"  # the column of a file without columns
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line on which it starts, how it is written, and its fields; None where it can not be read."""

    line: int
    raw: str
    fields: Mapping[str, object] | None
    fault: str = ""


def kind_of(path: Path) -> str:
    """Return `.jsonl`, `.csv`, `.tsv`, or `.txt` for any other file, which is read as a text a line."""
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    return ".jsonl" if ending in _JSON else ending if ending in _DELIMITERS else ".txt"


def opened(path: Path, mode: Literal["r", "w"], name: str = "") -> IO[str]:
    """Open a file as UTF-8, gzipped where its name, or the one that it will have, ends in .gz."""
    name = name or path.name
    encoding = "utf-8-sig" if mode == "r" else "utf-8"
    newline = "" if kind_of(Path(name)) in _DELIMITERS else "\n"  # other signs that end a line stay in the text
    if name.endswith(".gz"):
        return gzip.open(path, "rt" if mode == "r" else "wt", encoding=encoding, newline=newline)
    return path.open(mode, encoding=encoding, newline=newline)


def header(path: Path) -> str:
    """Return the first line of a table as it is written, with the column names; an empty text for other files."""
    if kind_of(path) not in _DELIMITERS:
        return ""
    with opened(path, "r") as file:
        names = next(_reader(file, kind_of(path)), [])
    if len(set(names)) < len(names) or not names:
        raise DataError(f"{path}, line 1: it names the columns {', '.join(names)}; each must have a name of its own.")
    return _written(names, kind_of(path))


def records(path: Path) -> Iterator[Record]:
    """Yield the rows of a file.

    A row that can not be read as its file's kind is a record without fields; a blank line is a record of a text file,
    with an empty text, and is passed over elsewhere.

    Raises:
        DataError: There is no such file, or it is no UTF-8, or broken as a whole.
    """
    kind = kind_of(path)
    try:
        with opened(path, "r") as file:
            yield from _table(file, kind) if kind in _DELIMITERS else _lines(file, kind)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error}). Convert it, for example: iconv -f latin1 -t utf-8") from error
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise DataError(f"{path} can not be read: {getattr(error, 'strerror', None) or error}.") from error


def _lines(file: IO[str], kind: str) -> Iterator[Record]:
    for number, line in enumerate(file, start=1):
        raw = line.rstrip("\r\n")
        if kind == ".txt":
            yield Record(number, raw, {TEXT: raw})
        elif raw.strip():
            yield _json_record(number, raw)


def _json_record(number: int, raw: str) -> Record:
    try:
        fields = json.loads(raw)
    except (json.JSONDecodeError, RecursionError) as error:
        return Record(number, raw, None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return Record(number, raw, None, "not a JSON object")
    return Record(number, raw, fields)


def _table(file: IO[str], kind: str) -> Iterator[Record]:
    reader = _reader(file, kind)
    names = next(reader, [])
    start = reader.line_num + 1
    for values in reader:
        line, start = start, reader.line_num + 1
        raw = _written(values, kind)
        if values and len(values) != len(names):
            yield Record(line, raw, None, f"{len(values)} fields where the first line names {len(names)}")
        elif values:
            yield Record(line, raw, dict(zip(names, values, strict=True)))


def _reader(file: IO[str], kind: str) -> "_csv.Reader":
    """Read a table; in tab-separated values a quotation mark is a character like any other."""
    return csv.reader(
        file, delimiter=_DELIMITERS[kind], quoting=csv.QUOTE_NONE if kind == ".tsv" else csv.QUOTE_MINIMAL
    )


def _written(values: Sequence[str], kind: str) -> str:
    if kind == ".tsv":
        return "\t".join(values)
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)  # both quoted where a field holds them
    return line.getvalue().removesuffix("\r\n")
