"""Rows of evaluation data, each with the place where it stands."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from textcl.errors import DataError


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
