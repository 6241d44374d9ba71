"""From a record with named columns to an Example, with errors that name the column."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from textcl.data.identity import number_of
from textcl.errors import DataError, suggestion
from textcl.types import Example


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a record holds what; None: not read."""

    anchor: str
    positive: str | None
    negative: str | None
    score: str | None
    label: str | None

    def example(self, row: int, record: Mapping[str, object], place: str) -> Example:
        """Read a record.

        Raises:
            DataError: A column is missing or holds what can not be used.
        """
        return Example(
            row=row,
            anchor=_text(_value(record, self.anchor, place), f"{place}, column '{self.anchor}'"),
            positives=_texts(record, self.positive, place),
            negatives=_texts(record, self.negative, place),
            score=_score(record, self.score, place),
            label=_label(record, self.label, place),
        )


def shown(value: object) -> str:
    """Show what was found in a file, shortened, as the file spells it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _value(record: Mapping[str, object], column: str, place: str) -> object:
    if column not in record:
        found = ", ".join(record) or "no columns"
        raise DataError(f"{place}: no column '{column}'; found {found}.{suggestion(column, record)}")
    return record[column]


def _texts(record: Mapping[str, object], column: str | None, place: str) -> tuple[str, ...]:
    if column is None:
        return ()
    value, where = _value(record, column, place), f"{place}, column '{column}'"
    if not isinstance(value, list):
        return (_text(value, where),)
    if not value:
        raise DataError(f"{where}: found an empty list; it needs at least one text.")
    return tuple(_text(item, f"{where}, item {number}") for number, item in enumerate(value, start=1))


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{where}: found {shown(value)}; it should be a text.")
    if not value.strip():
        raise DataError(f"{where}: found an empty text; drop the line or fill it.")
    try:
        value.encode()
    except UnicodeEncodeError as fault:
        raise DataError(f"{where}: found {value[fault.start]!a}, half a surrogate pair; write UTF-8.") from fault
    return value.strip()


def _score(record: Mapping[str, object], column: str | None, place: str) -> float | None:
    if column is None:
        return None
    value = _value(record, column, place)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{place}, column '{column}': found {shown(value)}; it should be a finite number.")
    return float(value)


def _label(record: Mapping[str, object], column: str | None, place: str) -> int | None:
    if column is None:
        return None
    value = _value(record, column, place)
    if isinstance(value, str) and value.strip():
        return number_of(value.strip())
    if isinstance(value, bool) or not isinstance(value, int):
        raise DataError(f"{place}, column '{column}': found {shown(value)}; it should be a whole number or a name.")
    return value
