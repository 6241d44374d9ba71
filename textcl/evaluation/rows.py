"""Rows of evaluation data, each with the place where it stands, and what the tasks make of them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textcl.errors import DataError
from textcl.evaluation.sts import GradedPair


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: its place, such as `sts/sts12.jsonl, line 17`, and its fields."""

    place: str
    fields: Mapping[str, object]

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
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{self.place}: '{column}' is {value!r}; it must be a finite number.")
        return number

    def _value(self, column: str) -> object:
        if column not in self.fields:
            raise DataError(f"{self.place}: no column '{column}'; there are {', '.join(map(str, self.fields))}.")
        return self.fields[column]


def graded_pairs(rows: Iterable[Row], first: str, second: str, score: str) -> list[GradedPair]:
    """Read pairs from the three columns named."""
    return [GradedPair(row.text(first), row.text(second), row.number(score)) for row in rows]


def documents(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR documents, id to title and text joined by a blank; a document may be empty."""
    return _by_id((row, _title_and_text(row)) for row in rows)


def queries(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR queries, id to text."""
    return _by_id((row, row.text("text")) for row in rows)


def judgements(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Read BEIR judgements, query id to document id to grade."""
    read: dict[str, dict[str, int]] = {}
    for row in rows:
        grade = row.number("score")
        if grade != int(grade):
            raise DataError(f"{row.place}: the grade is {grade}; grades are whole numbers.")
        read.setdefault(row.identity("query-id"), {})[row.identity("corpus-id")] = int(grade)
    return read


def _title_and_text(row: Row) -> str:
    title = row.words("title") if "title" in row.fields else ""
    return f"{title} {row.words('text')}".strip()


def _by_id(read: Iterable[tuple[Row, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for row, text in read:
        identity = row.identity("_id")
        if identity in texts:
            raise DataError(f"{row.place}: the id '{identity}' stands there a second time.")
        texts[identity] = text
    return texts
