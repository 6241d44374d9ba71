"""Rows of evaluation data, each with the place where it stands."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from textcl.errors import DataError


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
