"""A file row by row: those that are fit to one file, the others with the reason to another."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

from textcl.cleaning.columns import TextColumns, text_columns, texts_of
from textcl.cleaning.duplicates import Duplicates
from textcl.cleaning.records import Record, header, records, written_as
from textcl.cleaning.rules import Drop, Rules, Similarity, error
from textcl.errors import DataError
from textcl.files.formats import FileKind, kind_of
from textcl.files.lines import open_new, refuse_absence
from textcl.util.atomic import new_file, refuse_location
from textcl.util.progress import SILENT, Progress

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
    source: Path,
    out: Path,
    dropped: Path | None,
    request: Cleaning,
    *,
    force: bool = False,
    progress: Progress = SILENT,
) -> Cleaned:
    """Write the rows of a file that are fit, as they stand there; both files appear whole or not at all.

    The file is read row by row, twice where near duplicates are looked for. Of rows that repeat each other the first
    that is fit is kept.

    Args:
        source: A file of any kind.
        out: Of the same kind, compressed or not; JSONL where the rows come from Parquet or Arrow.
        dropped: Gets the other rows, a JSON object each: line, reason, detail, and the row as it stands there.
        asked: What is asked for.
        force: Replace `out` and `dropped` where they are there already.
        progress: Gets the progress.

    Raises:
        DataError: A file is missing or of another kind, or cannot be written; a column is missing.
    """
    _check_files(source, out, dropped, force=force)
    first = header(source)
    columns = text_columns(source, records(source), request.columns)
    if request.similarity is not None and len(columns.groups) < 2:
        raise DataError(f"{source} has one text a row, so there is no pair to compare; leave --model out.")
    progress.phase("Cleaning", unit="rows")
    duplicates = Duplicates(request.near, _fit(source, columns, request.rules), columns.others)
    counts: Counter[str] = Counter()
    with ExitStack() as files:
        kept_file = _writer(files, out)
        dropped_file = None if dropped is None else _writer(files, dropped)
        kept_file.write(first)
        for record, drop in _judged(source, columns, request, duplicates):
            counts[drop.reason if drop else ""] += 1
            progress.advance(1)
            if drop is None:
                kept_file.write(record.raw)
            elif dropped_file is not None:
                dropped_file.write(_line(record, drop))
    kept = counts.pop("", 0)
    return Cleaned(kept, dict(counts.most_common()), columns.names)


def _check_files(source: Path, out: Path, dropped: Path | None, *, force: bool) -> None:
    refuse_absence(source)
    new = [path for path in (out, dropped) if path is not None]
    paths = {os.path.realpath(path) for path in (source, *new)}
    if len(paths) < 1 + len(new):
        raise DataError(f"{source}, --out and --dropped must be different files.")
    kind = written_as(source)
    if kind is not kind_of(out):
        ending = "".join(source.suffixes) if kind is kind_of(source) else ".jsonl"
        raise DataError(
            f"{out} gets the rows of {source.name} as {kind.value}, which is not its ending. Name it "
            f"{out.name.partition('.')[0]}{ending}."
        )
    if dropped is not None and kind_of(dropped) is not FileKind.JSON:
        raise DataError(f"{dropped} gets JSONL, whatever {source.name} is; its name must end in .jsonl, or .jsonl.gz.")
    for path in new:
        refuse_location(path, force=force)


def _writer(files: ExitStack, path: Path) -> IO[str]:
    return files.enter_context(open_new(files.enter_context(new_file(path)), path.name))


def _fit(source: Path, columns: TextColumns, rules: Rules) -> Iterator[list[list[str]]]:
    """Yield the texts of the rows that nothing is wrong with on their own."""
    for record in records(source):
        row = _read(record, columns, rules)
        if not isinstance(row, Drop):
            yield row


def _read(record: Record, columns: TextColumns, rules: Rules) -> list[list[str]] | Drop:
    """Return the texts of a row for each group of columns, or what is wrong with it on its own."""
    if record.fields is None:
        return Drop("unreadable", record.error)
    groups = texts_of(record.fields, columns)
    if isinstance(groups, Drop):
        return groups
    return error(list(chain.from_iterable(groups)), rules) or groups


def _judged(
    source: Path, columns: TextColumns, request: Cleaning, duplicates: Duplicates
) -> Iterator[tuple[Record, Drop | None]]:
    """Yield each row with the first thing that is wrong with it: on its own, between its sides, as a duplicate."""
    stream = records(source)
    while block := list(islice(stream, _BLOCK)):
        rows = [_read(record, columns, request.rules) for record in block]
        if request.similarity is not None:
            _compare_sides(rows, request.similarity)
        for record, row in zip(block, rows, strict=True):
            if isinstance(row, Drop):
                yield record, row
            else:
                yield record, duplicates.repeats(row, record.line, record.fields or {})


def _compare_sides(rows: list[list[list[str]] | Drop], similarity: Similarity) -> None:
    """Put why a row is dropped in the place of each whose first two groups of columns do not fit each other."""
    sides = {
        position: (row[0][0], row[1][0])
        for position, row in enumerate(rows)
        if not isinstance(row, Drop) and row[0] and row[1]
    }
    for position, drop in zip(sides, similarity.errors(list(sides.values())), strict=True):
        rows[position] = drop or rows[position]


def _line(record: Record, drop: Drop) -> str:
    fields = {"line": record.line, "reason": drop.reason, "detail": drop.detail, "row": record.raw.rstrip("\r\n")}
    return f"{json.dumps(fields, ensure_ascii=False)}\n"
