"""Rows of local files in one pass: JSON lines, comma- and tab-separated values, each plain or gzipped."""

import gzip
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import BinaryIO, cast

from textcl.errors import DataError, suggestion
from textcl.files.lines import decoded
from textcl.files.tables import TSV, Dialect, column_names, delimiter_of, raw_rows, refuse_misfit, refuse_twins


class ColumnError(DataError):
    """A row lacks a column; whoever knows how columns are named turns this into a `DataError` with the way out.

    Args:
        what: What was found, with its place.
        column: The column that is missing.
    """

    def __init__(self, what: str, column: str) -> None:
        super().__init__(what)
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: its place, such as `sts/sts12.jsonl, line 17`, its fields, and the line that it starts on."""

    place: str
    fields: Mapping[str, object]
    line: int = 0  # the first is 1; 0: it is not of a file with lines

    def text(self, column: str) -> str:
        """Return a text that is there and not blank."""
        value = self._value(column)
        if not isinstance(value, str) or not value.strip():
            raise DataError(f"{self.place}: '{column}' is {value!r}; it must be a text that is not blank.")
        return value

    def words(self, column: str) -> str:
        """Return a text that may be null or blank, without white space around it."""
        value = self._value(column)
        return value.strip() if isinstance(value, str) else ""

    def identity(self, column: str) -> str:
        """Return an id, which some sets write as a number."""
        value = self._value(column)
        return str(value) if isinstance(value, int) else self.text(column)

    def number(self, column: str) -> float:
        """Return a finite number, also where the file holds it as text."""
        value = self._value(column)
        try:
            number = float(value) if isinstance(value, str | int | float) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{self.place}: '{column}' is {value!r}; it must be a finite number.")
        return number

    def yes_or_no(self, column: str) -> bool:
        """Return a label of 1 or 0, also where the file holds it as text or as true and false."""
        value = self._value(column)
        number = self.number(column)
        if number not in (0, 1):
            raise DataError(f"{self.place}: '{column}' is {value!r}; it must be 1 for yes or 0 for no.")
        return number == 1

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a list of texts that are not blank; one text alone is a list of one."""
        value = self._value(column)
        found = (value,) if isinstance(value, str) else value
        if not isinstance(found, list | tuple) or not all(isinstance(text, str) and text.strip() for text in found):
            shown = repr(value)[:60]
            raise DataError(
                f"{self.place}: '{column}' is {shown}; it must be a text that is not blank, or a list of such. Fill "
                "it, or drop the row."
            )
        return tuple(found)

    def _value(self, column: str) -> object:
        if column not in self.fields:
            there = ", ".join(map(str, self.fields))
            raise ColumnError(f"{self.place}: no column '{column}'; there are {there or 'none'}.", column)
        return self.fields[column]


_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # each may be followed by .gz
_TABLES = (".csv", ".tsv")


def file_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, each with its place.

    Columns have the names that a JSON object, or the first line of a table, gives them. Blank lines of JSON are passed
    over. In tab-separated values a quotation mark is a character like any other; in a `.csv` file the delimiter is the
    one that the first line holds most often: a comma, a semicolon, a tab or a bar.

    Raises:
        DataError: The file is missing, has another ending, or cannot be read.
    """
    path = present(path)
    ending = _ending(path)
    if ending not in _ENDINGS:
        raise DataError(f"{path} ends in '{ending}'; it must end in {', '.join(_ENDINGS)}, with or without .gz.")
    try:
        with _opened(path) as lines:
            yield from _table_rows(path, lines, ending) if ending in _TABLES else _json_rows(path, lines)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as {ending[1:].upper()}: {error}.") from error


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


ANCHORS = (
    *("anchor", "query", "question", "sentence1", "sentence_1", "sentence_a", "text1", "premise", "text"),
    *("sentence", "title", "claim", "content", "question1", "source", "set"),
)
POSITIVES = (
    *("positive", "pos", "positives", "answer", "answers", "sentence2", "sentence_2", "sentence_b", "text2"),
    *("hypothesis", "target", "document", "passage", "context", "body", "question2", "paraphrase", "summary"),
)
NEGATIVES = ("negative", "neg", "negatives", "hard_negative", "hard_negatives")
SCORES = ("score", "scores", "similarity", "relatedness", "similarity_score", "grade", "rating")
LABELS = ("label", "labels", "class", "category", "intent", "topic", "is_duplicate", "target")
PAIR_LABELS = ("label", "labels", "is_duplicate")  # beside two texts: whether they mean the same
_IDENTIFIERS = (
    *("id", "uuid", "guid", "key", "index", "idx", "url", "uri", "link", "href", "date", "time", "timestamp", "path"),
    *("file", "filename", "author", "user", "email", "lang", "language", "split"),
)


def is_one_of(name: str, known: Sequence[str]) -> bool:
    """Say whether a column has one of these names, a number at its end aside: negative_2 is a negative."""
    folded = name.casefold()
    return folded in known or folded.rstrip("0123456789").rstrip("_-") in set(known) - set(ANCHORS)


def is_identifier(name: str) -> bool:
    """Say whether a column has the name of what tells rows apart or says where they are from: an id, an address."""
    folded = name.casefold().strip("_")
    return folded in _IDENTIFIERS or folded.endswith(("_id", "_url", "_date", "_at"))
