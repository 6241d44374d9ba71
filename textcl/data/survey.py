"""What a file seems to hold: its columns one by one, by a look at its first rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from textcl.data.identity import identities
from textcl.data.records import open_records
from textcl.errors import DataError
from textcl.languages import languages_of

MOST_ROWS = 100_000  # that are looked at
UNKNOWN = "unknown"  # language
_FOR_LANGUAGE = 500  # texts
_LABELS = 0.2  # as a share of the rows: a column of fewer different short texts is one of labels


@dataclass(frozen=True, slots=True)
class ColumnSurvey:
    """What one column holds."""

    name: str
    kind: str  # text, number, name (a short text that comes again and again) or other
    empty: int  # rows
    distinct: int  # values, white space and case aside
    duplicates: int  # values that stood there before
    words: int  # of a text, in the middle
    longest: int  # words that 99 in 100 texts do not exceed
    characters: int  # of a text, in the middle
    language: str  # a guess; "" where there are no texts
    low: float  # of the numbers, else nan
    high: float
    is_list: bool  # whether some row has several


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


def survey(path: Path, most_rows: int = MOST_ROWS) -> Survey:
    """Look at the first rows of a file.

    Raises:
        DataError: The file is missing, of an unknown kind, faulty, or holds no rows.
    """
    opened = open_records(path)
    values: dict[str, list[object]] = {}
    count = 0
    for count, record in enumerate(islice(opened.rows, most_rows), start=1):
        for name in record:
            values.setdefault(name, [None] * (count - 1))
        for name, column in values.items():
            column.append(record.get(name))
    if not count:
        raise DataError(f"{path}: the file holds no rows.")
    is_whole = next(opened.rows, None) is None
    columns = tuple(_column(name, column) for name, column in values.items())
    return Survey(path, opened.use, opened.settings, count, is_whole, columns)


def _column(name: str, values: list[object]) -> ColumnSurvey:
    parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
    filled = [part for part in parts if not _is_empty(part)]
    texts = [part for part in filled if isinstance(part, str)]
    numbers = _numbers(filled)
    distinct = len(set(identities(map(str, filled)).tolist()))
    words = [len(text.split()) for text in texts] or [0]
    kind = "number" if numbers else "other" if len(texts) < len(filled) or not filled else "text"
    if kind == "text" and distinct <= _LABELS * len(filled) and max(words) <= 4:
        kind = "name"
    return ColumnSurvey(
        name=name,
        kind=kind,
        empty=sum(map(_is_empty, values)),
        distinct=distinct,
        duplicates=len(filled) - distinct,
        words=int(np.percentile(words, 50)),
        longest=int(np.percentile(words, 99, method="higher")),
        characters=int(np.percentile([len(text) for text in texts] or [0], 50)),
        language=_language(texts[:_FOR_LANGUAGE]) if kind == "text" else "",
        low=min(numbers, default=float("nan")),
        high=max(numbers, default=float("nan")),
        is_list=any(isinstance(value, list) for value in values),
    )


def _is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _numbers(values: Iterable[object]) -> list[float]:
    """Return values as numbers; nothing where one of them is none."""
    numbers = []
    for value in values:
        try:
            numbers.append(float("x" if isinstance(value, bool) or not isinstance(value, str | int | float) else value))
        except ValueError:
            return []
    return numbers


def _language(texts: Sequence[str]) -> str:
    """Return the language that most texts seem to be in, as a code; `unknown` where fewer than a fifth tell one."""
    told = languages_of(texts)
    told.pop(None, None)
    language, count = next(iter(told.most_common(1)), (None, 0))
    return language if language is not None and 5 * count >= len(texts) else UNKNOWN
