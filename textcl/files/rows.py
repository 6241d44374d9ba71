"""Rows of a local file in one pass, of every kind: text, JSONL, CSV, TSV, plain or compressed, Parquet, Arrow."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from textcl.errors import DataError, suggestion
from textcl.files.formats import COMPRESSIONS, READS_COLUMNS, FileKind, has_columns, kind_of
from textcl.files.json_lines import json_record
from textcl.files.lines import EmptyFileError, decoded, read_lines, reading, refuse_absence
from textcl.files.tables import column_names, dialect_of, raw_rows, refuse_misfit, refuse_twins
from textcl.files.values import (
    SPELLED_MISSING,
    checked_number,
    checked_text,
    checked_texts,
    passage_text,
    refuse_unwritable,
    shown,
)

_log = logging.getLogger(__name__)
TEXT = "text"  # what the one column of a file without columns is called


class ColumnError(DataError):
    """A row lacks a column; whoever knows how columns are named turns this into a `DataError` with the way out.

    Args:
        what: What was found, with its location.
        column: The column that is missing.
    """

    def __init__(self, what: str, column: str) -> None:
        super().__init__(what)
        self.column = column


def missing_column(column: str, found: Collection[str], location: str) -> ColumnError:
    """Return the error for a column that is not there."""
    names = [str(name) for name in found]
    there = ", ".join(names) or "none"
    return ColumnError(f"{location}: no column '{column}'; there are {there}.{suggestion(column, names)}", column)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: its location, such as `sts/sts12.jsonl, line 17`, its fields, and the number in its place."""

    location: str
    fields: Mapping[str, object]
    line: int = 0  # on which it starts, or its number where there are no lines; the first is 1
    missing: Counter[str] | None = None  # of the whole file: each column that is read, and its texts such as nan

    def text(self, column: str) -> str:
        """Return a text that is there and not blank."""
        text = checked_text(self.value(column), self.at(column))
        if self.missing is not None and text.strip() in SPELLED_MISSING:
            self.missing[column] += 1
        return text

    def words(self, column: str) -> str:
        """Return a text that may be null or blank, without white space around it; a number is its digits."""
        value = self.value(column)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return "" if value is None else str(value)
        if not isinstance(value, str):
            raise DataError(f"{self.at(column)}: found {shown(value)}; it should be a text.")
        refuse_unwritable(value, self.at(column))
        return value.strip()

    def identity(self, column: str) -> str:
        """Return an id without blanks around it; some sets write it as a number, and some programs that as 1.0."""
        value = self.value(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value) if isinstance(value, int) else self.text(column).strip()

    def number(self, column: str) -> float:
        """Return a finite number, also where the file holds it as text."""
        return checked_number(self.value(column), self.at(column))

    def yes_or_no(self, column: str) -> bool:
        """Return a label of 1 or 0, also where the file holds it as text or as true and false."""
        number = self.number(column)
        if number not in (0, 1):
            raise DataError(f"{self.at(column)}: found {shown(self.value(column))}; it must be 1 for yes or 0 for no.")
        return number == 1

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a list of texts that are not blank; one text alone is a list of one."""
        return checked_texts(self.value(column), self.at(column))

    def value(self, column: str) -> object:
        """Return what a column holds.

        Raises:
            ColumnError: The row lacks it.
        """
        if column not in self.fields:
            raise missing_column(column, self.fields, self.location)
        if self.missing is not None:
            self.missing[column] += 0
        return self.fields[column]

    def at(self, column: str) -> str:
        """Name the location of a value, for messages."""
        return f"{self.location}, column '{column}'"


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file of any kind; a line of a text file is a row with the column `text`.

    Raises:
        DataError: The file is missing, holds no rows, or cannot be read.
    """
    if has_columns(path):
        yield from file_rows(path)
    else:
        for number, line in read_lines(path.expanduser()):
            yield Row(f"{path}, line {number}", {TEXT: line}, number)


def file_rows(path: Path, unread: str = "") -> Iterator[Row]:
    """Yield the rows of a file with columns, each with its location.

    Columns have the names that a JSON object, the first line of a table, or the schema gives them. Blank lines are
    passed over. In tab-separated values a quotation mark is a character like any other; in a `.csv` file the delimiter
    is the one that the first line holds most often: a comma, a semicolon, a tab or a bar.

    Args:
        path: The file; where it is missing, the one that is this file compressed.
        unread: What to say of columns of texts of which no row was asked; empty: nothing is said.

    Raises:
        DataError: The file is missing, is a text file, holds no rows, or cannot be read.
    """
    path = present(path.expanduser())
    kind = kind_of(path)
    if kind is FileKind.TEXT:
        refuse_absence(path)
        raise DataError(f"{path}: found a text file, which has no columns. Name one that has: {READS_COLUMNS}.")
    first: list[Mapping[str, object]] = []
    missing = Counter[str]()
    for row in _ROWS[kind](path, missing):
        if len(first) < LOOKED_AT:
            first.append(row.fields)
        yield row
    if not first:
        raise EmptyFileError(path)
    if unread:
        tell_unread(str(path), unread_texts(first, missing), unread)
    for column, count in missing.items():
        tell_missing(f"{path}, column '{column}'", count)


@lru_cache
def tell_missing(where: str, count: int) -> None:
    """Warn of rows whose text is a word by which programs say that there is none."""
    if count:
        _log.warning(
            "%s: %s rows hold 'nan', 'None' or the like as a text; textcl clean drops them.", where, f"{count:,}"
        )


def refuse_columns(path: Path, named: Collection[str | None], option: str) -> None:
    """Refuse names of columns for a text file.

    Args:
        path: The file.
        named: The columns; None: not named.
        option: How they were named, such as `--text-column`.

    Raises:
        DataError: Some are named, and the file has none.
    """
    if any(name is not None for name in named) and not has_columns(path):
        raise DataError(f"{path}: found a text file, which has no columns; leave {option} out.")


def present(path: Path) -> Path:
    """Return the path, or the one of this file compressed where only that is there."""
    packed = (path.with_name(f"{path.name}{ending}") for ending in COMPRESSIONS)
    return next((candidate for candidate in (path, *packed) if candidate.is_file()), path)


def first_present(*paths: Path) -> Path:
    """Return the first of these files that is there, plain or compressed; when none is, the first."""
    return next((found for found in map(present, paths) if found.is_file()), paths[0])


def _json_rows(path: Path, missing: Counter[str]) -> Iterator[Row]:
    with reading(path) as lines:
        for number, raw in enumerate(lines, start=1):
            location = f"{path}, line {number}"
            line = decoded(raw, location)
            if line.strip():
                yield Row(location, json_record(line, location), number, missing)


def _table_rows(path: Path, missing: Counter[str]) -> Iterator[Row]:
    """Yield the rows of a table, placed by the line on which they start."""
    dialect = dialect_of(path)
    with reading(path) as lines:
        rows = raw_rows(lines, dialect, path)
        head = next(rows, None)
        if head is None:
            return
        location = f"{path}, line {head.number}"
        columns = column_names(head.fields, location)
        refuse_twins(columns, location)
        for row in rows:
            location = f"{path}, line {row.number}"
            refuse_misfit(row.fields, columns, dialect, location)
            yield Row(location, dict(zip(columns, row.fields, strict=True)), row.number, missing)


def _columnar_rows(path: Path, missing: Counter[str]) -> Iterator[Row]:
    from textcl.files.arrow import columnar_records  # here because pyarrow takes a tenth of a second

    for number, record in enumerate(columnar_records(path), start=1):
        yield Row(f"{path}, row {number}", record, number, missing)


_ROWS = {
    FileKind.JSON: _json_rows,
    FileKind.CSV: _table_rows,
    FileKind.TSV: _table_rows,
    FileKind.PARQUET: _columnar_rows,
    FileKind.ARROW: _columnar_rows,
}


ANCHORS = (
    *("anchor", "query", "question", "sent0", "sent_0", "sentence0", "sentence_0", "text0", "text_0", "sentence1"),
    *("sentence_1", "sentence_a", "sent1", "sent_1", "text1", "text_1", "text_a", "premise", "text", "sentence"),
    *("title", "claim", "content", "question1", "source", "set"),
)
POSITIVES = (
    *("positive", "pos", "positives", "answer", "answers", "sentence2", "sentence_2", "sentence_b", "sent2", "sent_2"),
    *("text2", "text_2", "text_b", "hypothesis", "target", "document", "passage", "context", "body", "question2"),
    *("paraphrase", "summary", "positive_passages", "positive_ctxs", "positive_passage", "entailment"),
)
NEGATIVES = (
    *("negative", "neg", "negatives", "negs", "hard_negative", "hard_negatives", "hard_neg", "hard_negs"),
    *("negative_passages", "negative_passage", "negative_ctxs", "hard_negative_ctxs", "hard_negative_passages"),
    "contradiction",
)
_FROM_0 = re.compile(r"(sent|sentence|text)(_?)(\d+)")
SCORES = (
    *("score", "scores", "similarity", "relatedness", "similarity_score", "relatedness_score", "gold_score", "grade"),
    *("rating", "sim"),
)
PAIR_LABELS = (  # beside two texts: whether they mean the same
    *("label", "labels", "is_duplicate", "gold_label", "entailment_label", "quality", "duplicate", "is_paraphrase"),
)
LABELS = ("class", "category", "intent", "topic", "target", *PAIR_LABELS)
_IDENTIFIERS = (
    *("id", "uuid", "guid", "key", "index", "idx", "url", "uri", "link", "href", "date", "time", "timestamp", "path"),
    *("file", "filename", "author", "user", "email", "lang", "language", "split"),
)


def numbered_from_0(names: Collection[str]) -> dict[str, str]:
    """Return what columns are that are numbered from 0, as SimCSE and sentence-transformers call them, by folded name.

    `sent0` is the anchor, `sent1` its positive and `sent2` a negative; where no column has the number 0, none is meant.
    """
    folded = {name.casefold() for name in names}
    roles = {}
    for name in folded:
        found = _FROM_0.fullmatch(name)
        if found and f"{found[1]}{found[2]}0" in folded:
            roles[name] = {"0": "anchor", "1": "positive"}.get(found[3], "negative")
    return roles


def is_one_of(name: str, known: Sequence[str]) -> bool:
    """Say whether a column has one of these names, a number at its end aside: negative_2 is a negative."""
    folded = name.casefold()
    return folded in known or folded.rstrip("0123456789").rstrip("_-") in set(known) - set(ANCHORS)


def is_identifier(name: str) -> bool:
    """Say whether a column has the name of what tells rows apart or says where they are from: an id, an address."""
    folded = name.casefold().strip("_")
    return folded in _IDENTIFIERS or folded.endswith(("_id", "_url", "_date", "_at"))


LOOKED_AT = 100  # rows


def unread_texts(rows: Iterable[Mapping[str, object]], read: Collection[str]) -> tuple[str, ...]:
    """Return the columns beside those that are read which seem to hold texts: several words in most rows.

    A column of labels, ids, addresses or dates is none.
    """
    counts: Counter[str] = Counter()
    first = list(islice(rows, LOOKED_AT))
    for row in first:
        counts.update(name for name, value in row.items() if name not in read and _has_words(value))
    known = {*LABELS, *SCORES} - {"target"}
    return tuple(
        name
        for name, count in counts.items()
        if name and 2 * count > len(first) and name.casefold() not in known and not is_identifier(name)
    )


def _has_words(value: object) -> bool:
    first = passage_text(value[0] if isinstance(value, list | tuple) and value else value)
    return isinstance(first, str) and (len(first.split()) > 2 or (len(first) > 8 and not first.isascii()))


@lru_cache
def tell_unread(where: str, columns: tuple[str, ...], way_out: str) -> None:
    """Warn of columns of texts that are not read, once for each place."""
    if columns:
        named = ", ".join(f"'{column}'" for column in columns)
        _log.warning("%s: %s %s texts and %s not read. %s", where, named, *_NUMBER[len(columns) > 1], way_out)


_NUMBER = {False: ("holds", "is"), True: ("hold", "are")}
