"""What one column of a file seems to hold, by a look at its values."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeGuard

import numpy as np

from textcl.files.values import SPELLED_MISSING, passage_text, refuse_unwritable, shown
from textcl.survey.records import open_records
from textcl.text.folding import identities, is_unspaced
from textcl.text.languages import languages_of, script_of

UNKNOWN = "unknown"  # language
_FOR_LANGUAGE = 500  # texts
_FOR_SCRIPT = 200  # characters of each
_LABELS = 0.2  # as a share of the rows: a column of fewer different short texts is one of labels
_SHORT_WORDS, _SHORT_CHARACTERS = 4, 12  # of the longest of them; characters where there are no blanks


@dataclass(frozen=True, slots=True)
class ColumnSurvey:
    """What one column holds."""

    name: str
    kind: str  # text (in most rows), number, vector, name (a short text that comes again and again), empty, other
    empty: int  # rows
    missing: int  # texts that spell a missing one, such as nan
    distinct: int  # values, white space and case aside
    duplicates: int  # values that stood there before
    words: int  # of a text, in the middle
    longest: int  # words that 99 in 100 texts do not exceed
    characters: int  # of a text, in the middle
    most_characters: int  # that 99 in 100 texts do not exceed
    is_unspaced: bool  # whether most texts are in a script without blanks, so that they have no words
    language: str  # a guess; "" where there are no texts
    script: str  # of most letters, `LATIN`; "" where there are no texts
    low: float  # of the finite numbers, else nan
    high: float
    is_whole: bool  # whether the finite numbers have no decimals
    is_list: bool  # whether some row has several
    firsts: Mapping[str, tuple[int, str]]  # row, from 1, and value: the first text, number, list and other value


def look_at(name: str, values: Sequence[object]) -> ColumnSurvey:
    """Say what the values of a column are."""
    parts = [part for value in values for part in _parts(value)]
    filled = [part for part in parts if not _is_empty(part)]
    texts = [part for part in filled if isinstance(part, str)]
    numbers = _numbers(filled)
    finite = [number for number in numbers if math.isfinite(number)]
    distinct = len(set(identities(map(str, filled)).tolist()))
    words = [len(text.split()) for text in texts] or [0]
    characters = [len(text) for text in texts] or [0]
    first = texts[:_FOR_LANGUAGE]
    unspaced = 2 * sum(is_unspaced(text[:_FOR_SCRIPT]) for text in first) > len(first)
    is_short = max(characters) <= _SHORT_CHARACTERS if unspaced else max(words) <= _SHORT_WORDS
    kind = _kind(filled, texts, numbers, is_short and distinct <= _LABELS * len(filled))
    return ColumnSurvey(
        name=name,
        kind=kind,
        empty=sum(map(_is_empty, values)),
        missing=sum(text.strip() in SPELLED_MISSING for text in texts),
        distinct=distinct,
        duplicates=len(filled) - distinct,
        words=int(np.percentile(words, 50)),
        longest=int(np.percentile(words, 99, method="higher")),
        characters=int(np.percentile(characters, 50)),
        most_characters=int(np.percentile(characters, 99, method="higher")),
        is_unspaced=unspaced,
        language=_language(first) if kind == "text" else "",
        script=script_of(text[:_FOR_SCRIPT] for text in first) if kind == "text" else "",
        low=min(finite, default=math.nan),
        high=max(finite, default=math.nan),
        is_whole=bool(finite) and all(map(float.is_integer, finite)),
        is_list=any(isinstance(value, list) for value in values),
        firsts=_firsts(values),
    )


def is_numbers(value: object) -> TypeGuard[list[object]]:
    """Say whether a value is a list of numbers, such as an embedding."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], int | float)


def _kind(filled: Sequence[object], texts: Sequence[str], numbers: Sequence[float], are_names: bool) -> str:
    if not filled:
        return "empty"
    if numbers:
        return "number"
    if all(map(is_numbers, filled)):
        return "vector"
    if 2 * len(texts) <= len(filled):
        return "other"
    return "name" if are_names and len(texts) == len(filled) else "text"


def _parts(value: object) -> Sequence[object]:
    """Return the items of a list of texts; any other value is one, and so is an embedding."""
    return value if isinstance(value, list) and not is_numbers(value) else [value]


def _is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _numbers(values: Iterable[object]) -> list[float]:
    """Return values as numbers; nothing where one of them is none."""
    numbers = []
    for value in values:
        number = _number(value)
        if number is None:
            return []
        numbers.append(number)
    return numbers


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float | Decimal) else None
    except (ValueError, OverflowError):
        return None


def _firsts(values: Sequence[object]) -> dict[str, tuple[int, str]]:
    """Return the first value of each sort, as a message shows it."""
    firsts: dict[str, tuple[int, str]] = {}
    for row, value in enumerate(values, start=1):
        sort = _sort(value)
        if sort not in firsts and not _is_empty(value):
            firsts[sort] = row, _shown(value)
    return firsts


def _shown(value: object) -> str:
    """Show a value, with its type where the file has more of them than JSON."""
    is_json = isinstance(value, str | int | float | list | dict)
    return shown(value) if is_json else f"{shown(value)} ({type(value).__name__})"


def _sort(value: object) -> str:
    if _number(value) is not None:
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "other"


def _language(texts: Sequence[str]) -> str:
    """Return the language that most texts seem to be in, as a code; `unknown` where fewer than a fifth tell one."""
    published = languages_of(texts)
    published.pop(None, None)
    language, count = next(iter(published.most_common(1)), (None, 0))
    return language if language is not None and 5 * count >= len(texts) else UNKNOWN


MOST_ROWS = 100_000  # that are looked at
MOST_BYTES = 64 << 20  # of text that is looked at, and kept in memory meanwhile
_SHOWN = 20  # numbers of a list: as many as a message shows


@dataclass(frozen=True, slots=True)
class Survey:
    """What the rows of a file hold."""

    path: Path
    use: str  # the source that reads it
    settings: Mapping[str, str]  # of the source, beside path and columns
    rows: int  # that were looked at
    is_whole: bool  # whether these are all
    columns: tuple[ColumnSurvey, ...]

    def column(self, name: str) -> ColumnSurvey:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


def survey(path: Path, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> Survey:
    """Look at the first rows of a file.

    Raises:
        DataError: The file is missing, of an unknown kind, faulty, or holds no rows.
    """
    opened = open_records(path)
    values: dict[str, list[object]] = {}
    count, size, is_whole = 0, 0, True
    for row in opened.rows:
        if count == most_rows or size >= most_bytes:
            is_whole = False
            break
        count += 1
        size += _size([*row.fields, *row.fields.values()], row.location)
        _add(values, row.fields, count)
    columns = tuple(look_at(name, column) for name, column in values.items())
    return Survey(path, opened.use, opened.settings, count, is_whole, columns)


def _add(values: dict[str, list[object]], record: Mapping[str, object], count: int) -> None:
    """Add a row to the columns, so that each has `count` values; what a row lacks is None."""
    for name, value in record.items():
        if name not in values:
            values[name] = [None] * (count - 1)
        values[name].append(_kept(value))
    for column in values.values():
        column.extend([None] * (count - len(column)))


def _size(value: object, location: str) -> int:
    """Return about how many bytes a value is as text.

    Raises:
        DataError: It holds half a surrogate pair, which no file can.
    """
    if is_numbers(value):
        return 8 * len(value)
    if isinstance(value, list):
        return sum(_size(item, location) for item in value)
    text = str(value)
    refuse_unwritable(text, location)
    return len(text.encode())


def _kept(value: object) -> object:
    """Shorten a list of numbers, such as an embedding, of which only the sort is told; a passage is its text."""
    if is_numbers(value):
        return value[:_SHOWN]
    return [passage_text(part) for part in value] if isinstance(value, list) else passage_text(value)
