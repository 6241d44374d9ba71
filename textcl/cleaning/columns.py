"""Which columns of a file hold its texts, and what a row holds in them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

from textcl.cleaning.records import Record
from textcl.cleaning.rules import Drop
from textcl.errors import DataError
from textcl.files.formats import has_columns
from textcl.files.lines import EmptyFileError
from textcl.files.rows import (
    ANCHORS,
    LABELS,
    NEGATIVES,
    POSITIVES,
    SCORES,
    TEXT,
    is_one_of,
    missing_column,
    numbered_from_0,
    refuse_columns,
)
from textcl.files.values import passage_text
from textcl.text.folding import folded_words

_OFTEN_OTHER = ("source", "set", "target")  # names of texts, but also of where a row is from, or of its label
_LOOKED_AT = 100  # rows
_PROSE = 3  # words of a text in the middle, at least
_LABEL = 4  # words, at most; texts so short of which ...
_LABELS = 0.2  # ... so few are different, as a share, are labels


@dataclass(frozen=True, slots=True)
class TextColumns:
    """The columns of texts in groups: of the columns of a group one at least must hold a text.

    Those of the group that may be empty need hold none: a row without negatives is a pair.
    """

    groups: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()  # columns beside them
    may_be_empty: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the first side of a pair first."""
        return tuple(chain.from_iterable(self.groups))


def text_columns(path: Path, records: Iterator[Record], named: Sequence[str]) -> TextColumns:
    """Return the columns that are named, or, where none is, those of the first row that have a usual name.

    Raises:
        DataError: No row can be read, or the first that can lacks a column that is named; none is named, and none has a
            usual name, or others look like texts, too.
    """
    refuse_columns(path, named, "--text-column")
    rows = _first_rows(path, records)
    for column in named:
        if column not in rows[0]:
            raise DataError(f"{missing_column(column, rows[0], str(path))} Name the right one with --text-column.")
    if named or not has_columns(path):
        found = TextColumns(tuple((column,) for column in named or (TEXT,)))
    else:
        found = _usual(rows)
        if not found.groups:
            there = ", ".join(rows[0]) or "none"
            raise DataError(f"{path} has the columns {there}. Name those that hold texts with --text-column.")
        _refuse_unknown_prose(path, found, rows)
    return TextColumns(found.groups, tuple(name for name in rows[0] if name not in found.names), found.may_be_empty)


def texts_of(fields: Mapping[str, object], columns: TextColumns) -> list[list[str]] | Drop:
    """Return the texts of a row for each group of columns, those of a list one by one, or why the row is unfit."""
    groups = []
    for group in columns.groups:
        texts = _group_texts(fields, group, may_be_empty=group == columns.may_be_empty)
        if isinstance(texts, Drop):
            return texts
        groups.append(texts)
    return groups


def _group_texts(fields: Mapping[str, object], group: Sequence[str], *, may_be_empty: bool) -> list[str] | Drop:
    names = [name for name in group if not (may_be_empty and _is_blank(fields.get(name)))]
    filled = [name for name in names if not _is_blank(fields.get(name))] if len(group) > 1 else names
    if names and not filled:
        return Drop("empty", f"no text in {', '.join(group)}")
    texts: list[str] = []
    for name in filled:
        found = _column_texts(fields, name)
        if isinstance(found, Drop):
            return found
        texts += found
    return texts


def _column_texts(fields: Mapping[str, object], name: str) -> list[str] | Drop:
    if name not in fields:
        return Drop("no column", name)
    parts = _parts(fields[name])
    if not parts:
        return Drop("empty", f"an empty list in {name}")
    other = next((part for part in parts if not isinstance(part, str)), "")
    if not isinstance(other, str):
        return Drop("not a text", f"{json.dumps(other)[:40]} in {name}")
    return [part for part in parts if isinstance(part, str)]


def _parts(value: object) -> list[object]:
    return [passage_text(part) for part in (value if isinstance(value, list) else [value])]


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _first_rows(path: Path, records: Iterator[Record]) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = []
    errors: list[Record] = []
    for record in records:
        if record.fields is None:
            errors.append(record)
        else:
            rows.append(record.fields)
        if len(rows) == _LOOKED_AT:
            break
    if not rows and errors:
        first = errors[0]
        raise DataError(f"{path}, line {first.line}: {first.error.rstrip('.')}. No row of the file can be read.")
    if not rows:
        raise EmptyFileError(path)
    return rows


def _usual(rows: Sequence[Mapping[str, object]]) -> TextColumns:
    """Return the columns of the first row with usual names that hold texts: as training reads them, the anchor first.

    Of several positives or negatives some may be empty in a row.
    """
    texts = [name for name in rows[0] if _is_text(name, rows)]
    anchors = [(name,) for known in ANCHORS for name in texts if name.casefold() == known]
    numbered = numbered_from_0(texts)
    is_negative = [is_one_of(name, NEGATIVES) or numbered.get(name.casefold()) == "negative" for name in texts]
    negatives = tuple(name for name, found in zip(texts, is_negative, strict=True) if found)
    anchors = [group for group in anchors if group[0] not in negatives]
    rest = [name for name in texts if name not in negatives and (name,) not in anchors]
    positives = tuple(name for name in rest if is_one_of(name, POSITIVES))
    groups = (*anchors[:1], positives, *anchors[1:], negatives)
    return TextColumns(tuple(group for group in groups if group), may_be_empty=negatives)


def _refuse_unknown_prose(path: Path, found: TextColumns, rows: Sequence[Mapping[str, object]]) -> None:
    known = (*LABELS, *SCORES)
    unknown = [name for name in rows[0] if name not in found.names and not is_one_of(name, known)]
    prose = [name for name in unknown if _is_prose(_texts(rows, name))]
    if prose:
        raise DataError(
            f"{path}: {', '.join(found.names)} hold texts by their names, and {', '.join(prose)} by what stands there. "
            "Name those that make two rows the same with --text-column, again for each."
        )


def _is_text(name: str, rows: Sequence[Mapping[str, object]]) -> bool:
    texts = _texts(rows, name)
    return _is_prose(texts) if name.casefold() in _OFTEN_OTHER else bool(texts)


def _texts(rows: Iterable[Mapping[str, object]], name: str) -> list[str]:
    parts = chain.from_iterable(_parts(row.get(name)) for row in rows)
    return [part for part in parts if isinstance(part, str) and part.strip()]


def _is_prose(texts: Sequence[str]) -> bool:
    counts = [_words(text) for text in texts]
    if not counts or median(counts) < _PROSE:
        return False
    return max(counts) > _LABEL or len(set(texts)) > _LABELS * len(texts)


def _words(text: str) -> int:
    """Count the words between blanks that have a letter, so that a web address is one; without blanks, characters."""
    unspaced = sum(len(word) == 1 and not word.isascii() for word in folded_words(text))
    return max(unspaced, sum(any(map(str.isalpha, word)) for word in text.split()))
