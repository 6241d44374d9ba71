"""A file row by row: those that are fit to one file, the others with the reason to another."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from textcl.atomic import new_file
from textcl.cleaning.columns import text_columns, texts_of
from textcl.cleaning.doubles import Doubles
from textcl.cleaning.records import Record, header, kind_of, opened, records
from textcl.cleaning.rules import Drop, Rules, fault
from textcl.cleaning.similarity import Similarity
from textcl.errors import DataError

_BLOCK = 1024  # rows whose similarity is computed at once


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of the rows of a file."""

    kept: int
    dropped: dict[str, int]  # by reason, the commonest first
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is asked for.

    Args:
        rules: What each row must be on its own.
        near: The resemblance (`minhash.py`) from which on a row is a near duplicate; 1: only exact ones are dropped.
        columns: Those that hold texts; none: those of usual names.
        similarity: What the first two columns must be to each other; None: anything.
    """

    rules: Rules
    near: float = 0.8
    columns: Sequence[str] = ()
    similarity: Similarity | None = None

    def __post_init__(self) -> None:
        if not 0.5 <= self.near <= 1:
            raise ValueError(f"the bound of near duplicates is {self.near}; it must be from 0.5 to 1.")


def clean(
    source: Path, out: Path, dropped: Path | None, asked: Cleaning, on_rows: Callable[[int], None] = lambda count: None
) -> Cleaned:
    """Write the rows of a file that are fit, as they stand there; both files appear whole or not at all.

    The file is read row by row, twice where near duplicates are looked for. Of rows that repeat each other the first
    that is fit is kept.

    Args:
        source: JSONL, CSV or TSV; any other file is text, a line a text. Plain or gzipped, as `out` and `dropped`.
        out: Of the same kind.
        dropped: Gets the other rows, a JSON object each: line, reason, detail, and the row as it stands there.
        asked: What is asked for.
        on_rows: Called with the number of rows just finished.

    Raises:
        DataError: A file is missing or of another kind, or a column is missing.
    """
    _check_files(source, out, dropped)
    columns = text_columns(source, records(source), asked.columns)
    if asked.similarity is not None and len(columns) < 2:
        raise DataError(f"{source} has one text a row, so there is no pair to compare; leave --model out.")
    doubles = Doubles(asked.near, _fit(source, columns, asked.rules))
    counts: Counter[str] = Counter()
    with ExitStack() as files:
        kept_file = _writer(files, out)
        dropped_file = None if dropped is None else _writer(files, dropped)
        if first := header(source):
            kept_file.write(f"{first}\n")
        for record, drop in _judged(source, columns, asked, doubles):
            counts[drop.reason if drop else ""] += 1
            on_rows(1)
            if drop is None:
                kept_file.write(f"{record.raw}\n")
            elif dropped_file is not None:
                dropped_file.write(_line(record, drop))
    kept = counts.pop("", 0)
    return Cleaned(kept, dict(counts.most_common()), columns)


def _check_files(source: Path, out: Path, dropped: Path | None) -> None:
    if not source.is_file():
        raise DataError(f"{source}: {'is a folder; name a file in it' if source.is_dir() else 'no such file'}.")
    paths = [path.resolve() for path in (source, out, dropped) if path is not None]
    if len(set(paths)) < len(paths):
        raise DataError(f"{source}, --out and --dropped must be different files.")
    if kind_of(source) != kind_of(out):
        ending = "".join(source.suffixes)
        raise DataError(
            f"{out} has another ending than {source.name}, but gets rows of the same format. Name it "
            f"{out.name.partition('.')[0]}{ending}."
        )


def _writer(files: ExitStack, path: Path) -> IO[str]:
    return files.enter_context(opened(files.enter_context(new_file(path)), "w", path.name))


def _fit(source: Path, columns: Sequence[str], rules: Rules) -> Iterator[list[str]]:
    """Yield the texts of the rows that nothing is wrong with on their own."""
    for record in records(source):
        texts = texts_of(record.fields or {}, columns)
        if record.fields is not None and fault(texts, rules) is None:
            yield texts


def _judged(
    source: Path, columns: Sequence[str], asked: Cleaning, doubles: Doubles
) -> Iterator[tuple[Record, Drop | None]]:
    """Yield each row with the first thing that is wrong with it: on its own, between its sides, as a double."""
    stream = records(source)
    while block := list(islice(stream, _BLOCK)):
        texts = [texts_of(record.fields or {}, columns) for record in block]
        drops = [
            Drop("unreadable", record.fault) if record.fields is None else fault(found, asked.rules)
            for record, found in zip(block, texts, strict=True)
        ]
        if asked.similarity is not None:
            fit = [place for place, drop in enumerate(drops) if drop is None]
            sides = [_sides(block[place], columns) for place in fit]
            for place, drop in zip(fit, asked.similarity.faults(sides), strict=True):
                drops[place] = drop
        for record, found, drop in zip(block, texts, drops, strict=True):
            yield record, drop or doubles.repeats(found, record.line)


def _sides(record: Record, columns: Sequence[str]) -> tuple[str, str]:
    """Return the first text of each of the first two columns."""
    fields = record.fields or {}
    return texts_of(fields, columns[:1])[0], texts_of(fields, columns[1:2])[0]


def _line(record: Record, drop: Drop) -> str:
    fields = {"line": record.line, "reason": drop.reason, "detail": drop.detail, "row": record.raw}
    return f"{json.dumps(fields, ensure_ascii=False)}\n"
