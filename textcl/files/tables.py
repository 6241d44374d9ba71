"""Tables in text: rows of fields between delimiters, whose first row names the columns."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError
from textcl.files.content import BEGINNING, Offset
from textcl.files.formats import FileKind, kind_of
from textcl.files.lines import decoded, reading

_LONGEST_FIELD = 64 << 20  # characters
_INVISIBLE = re.compile(r"^[\s\ufeff\u200b-\u200f\u2060]+|[\s\ufeff\u200b-\u200f\u2060]+$")  # such as a second mark
# Of the process; 131,072 by itself, which a long document exceeds.
csv.field_size_limit(max(_LONGEST_FIELD, csv.field_size_limit()))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    is_quoted: bool  # whether a field may stand in quotation marks, and then hold delimiters and line breaks


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in a file."""

    number: int  # of the line on which it starts, the first is 1
    start: int  # byte
    raw: bytes  # with the blank lines before it
    fields: list[str]


def raw_rows(lines: Iterable[bytes], dialect: Dialect, path: object, begin: Offset = BEGINNING) -> Iterator[RawRow]:
    """Yield the rows of a table, the names of the columns included; empty lines between rows are none.

    Args:
        lines: All of the file, or those of a part of it, with their ends.
        dialect: How it is written.
        path: What messages call it.
        begin: Where the first line begins.

    Raises:
        DataError: A row is not UTF-8, or its quotation marks do not fit.
    """
    taken = _Taken(iter(lines), path, begin)
    reader = _reader(taken, dialect)
    while True:
        number, start = taken.number + 1, taken.start
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _broken(error, f"{path}, line {number}") from error
        raw = taken.pop()
        if fields is None:
            return
        if fields:
            yield RawRow(number, start, raw, fields)


def fields_of(raw: bytes, dialect: Dialect, location: str) -> list[str]:
    """Return the fields of one row.

    Raises:
        DataError: It is not UTF-8, or its quotation marks do not fit.
    """
    try:
        return next(_reader(iter([decoded(raw, location).rstrip("\r\n")]), dialect))
    except csv.Error as error:
        raise _broken(error, location) from error


def column_names(fields: Sequence[str], location: str) -> tuple[str, ...]:
    """Return the names of the columns, without blanks and invisible characters around them.

    Raises:
        DataError: The row names no columns, but tells a spreadsheet the delimiter.
    """
    written = "".join(fields).casefold()
    if written.startswith("sep=") and len(written) <= len("sep=") + 1:
        raise DataError(
            f"{location}: tells spreadsheets the delimiter. Take the line out: the first names the columns."
        )
    return tuple(_INVISIBLE.sub("", name) for name in fields)


def refuse_twins(names: Sequence[str], location: str) -> None:
    """Refuse columns of one name; those without any are not read.

    Raises:
        DataError: Names one that is there twice.
    """
    for name in names:
        if name and names.count(name) > 1:
            raise DataError(f"{location}: there are {names.count(name)} columns '{name}'; rename or drop all but one.")


def refuse_misfit(fields: Sequence[str], names: Sequence[str], dialect: Dialect, location: str) -> None:
    """Refuse a row that has more or fewer fields than the table has columns.

    Raises:
        DataError: Says how many, and what may be the reason.
    """
    if len(fields) == len(names):
        return
    way_out = " Quote fields that hold one." if dialect.is_quoted else ""
    if not dialect.is_quoted and any('"' in field for field in fields):
        way_out = ' Are fields quoted? Then name the file .csv, or in a recipe use CSV with delimiter: "\\t".'
    raise DataError(
        f"{location}: found {len(fields)} fields between {dialect.delimiter!a}, but line 1 names {len(names)} "
        f"columns: {', '.join(names)}.{way_out}"
    )


class _Taken:
    """The lines of a file for a csv reader, which remembers those that it took for a row."""

    def __init__(self, lines: Iterator[bytes], path: object, begin: Offset) -> None:
        self.number, self.start = begin.lines, begin.byte  # the lines that were taken, and the byte after them
        self._lines, self._path = lines, path
        self._raw: list[bytes] = []

    def __iter__(self) -> "_Taken":
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        self.number += 1
        self.start += len(raw)
        self._raw.append(raw)
        return decoded(raw, f"{self._path}, line {self.number}")

    def pop(self) -> bytes:
        """Return what was taken since the last call."""
        raw = b"".join(self._raw)
        self._raw.clear()
        return raw


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if dialect.is_quoted:
        return csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)


def _broken(error: csv.Error, location: str) -> DataError:
    if "field limit" in str(error):
        return DataError(
            f"{location}: a field is longer than {csv.field_size_limit():,} characters. A quotation mark may not be "
            "closed; else cut the text into shorter ones."
        )
    return DataError(
        f"{location}: not a row of a table ({error}). Look for a quotation mark that is not closed or not doubled, or "
        "line ends other than those of Unix and Windows."
    )


_DELIMITERS = (",", ";", "\t", "|")  # the likelier first
_QUOTED = re.compile(r'"[^"]*"')


def dialect_of(path: Path) -> Dialect:
    """Return how a table is written: that of its ending, with the delimiter that its first line holds most often.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    if kind_of(path) is FileKind.TSV:
        return tsv_dialect(path)
    with reading(path) as lines:
        names = next((line for line in lines if line.strip()), b"").decode(errors="replace")
    return Dialect(max(_DELIMITERS, key=_QUOTED.sub("", names).count), is_quoted=True)


_SAMPLED = 16 << 20  # bytes
_FIELD = re.compile(rb'(?:"(?P<quoted>(?:[^"]++|"")*+)"|[^"\t\r\n]*+)(?:\t|\r?\n|\Z)')
_NEEDS_QUOTES = re.compile(rb'"|,|\t|\n')
_CUT_FIELD = re.compile(rb'"(?:[^"]++|"")*+\Z')


def tsv_dialect(path: Path) -> Dialect:
    """Return how tab-separated values are written: as spreadsheets and pandas quote fields, or without quoting.

    They are quoted where each quotation mark of the first 16 MB has a meaning in that way, and one of them is needed.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    with reading(path) as file:
        head = file.read(_SAMPLED)
    return Dialect("\t", is_quoted=b'"' in head and _is_quoted(head))


def _is_quoted(head: bytes) -> bool:
    is_needed, position = False, 0
    while position < len(head):
        field = _FIELD.match(head, position)
        if field is None:
            return is_needed and len(head) == _SAMPLED and _CUT_FIELD.match(head, position) is not None
        is_needed = is_needed or _NEEDS_QUOTES.search(field["quoted"] or b"") is not None
        position = field.end()
    return is_needed
