"""Which columns of a file hold its texts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from textcl.cleaning.records import TEXT, Record
from textcl.errors import DataError, suggestion

USUAL = (TEXT, "anchor", "positive", "negative", "negatives", "sentence1", "sentence2", "query", "question", "answer")


def text_columns(path: Path, records: Iterator[Record], named: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are named, or, where none is, those of the first row that have a usual name.

    Raises:
        DataError: The first row that can be read lacks one, or has no usual one.
    """
    first = next((record.fields for record in records if record.fields is not None), None)
    if first is None:
        raise DataError(f"{path} holds no row that can be read.")
    there = ", ".join(first) or "none"
    for column in named:
        if column not in first:
            raise DataError(f"{path}: no column '{column}'; there are {there}.{suggestion(column, first)}")
    found = tuple(named) or tuple(column for column in USUAL if column in first)
    if not found:
        raise DataError(f"{path} has the columns {there}. Name those that hold texts with --text-column.")
    return found


def texts_of(fields: Mapping[str, object], columns: Sequence[str]) -> list[str]:
    """Return the texts of a row, those of a list one by one; what is missing or no text is an empty one."""
    return list(chain.from_iterable(_texts(fields.get(column)) for column in columns))


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) and value else [value]
    return [each if isinstance(each, str) else "" for each in values]
