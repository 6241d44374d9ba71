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


def texts(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR documents or queries, id to text; title and text are joined by a blank, and a document may be empty."""
    read: dict[str, str] = {}
    for row in rows:
        identity = row.text("_id")
        if identity in read:
            raise DataError(f"{row.place}: the id '{identity}' stands there a second time.")
        parts = (row.fields.get("title"), row.fields.get("text"))
        read[identity] = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return read


def judgements(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Read BEIR judgements, query id to document id to grade."""
    read: dict[str, dict[str, int]] = {}
    for row in rows:
        grade = row.number("score")
        if grade != int(grade):
            raise DataError(f"{row.place}: the grade is {grade}; grades are whole numbers.")
        read.setdefault(row.text("query-id"), {})[row.text("corpus-id")] = int(grade)
    return read
