"""The first pass over the rows of a source, shared by worker processes: it finds what one process would, bit for bit.

A file is cut into parts by bytes. A worker begins at the first row that seems to begin in its part, and ends with the
first beyond it. Where the part before has ended elsewhere, as marks of quotation may mislead, the part is read again
from there; so is one with a faulty row, of which this process alone knows the line.
"""

import hashlib
import logging
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np

from textcl.data.sources.columns import Notes
from textcl.data.sources.file_rows import FirstPass, Index, Noting, RowFormat, passing
from textcl.data.workers import DataWorkers
from textcl.errors import TextclError
from textcl.files.content import BEGINNING, Content, Offset
from textcl.types.batches import IntArray
from textcl.types.text import Example, Source
from textcl.util.cache import digested

Item = TypeVar("Item")
Result = TypeVar("Result")
_PART = 2 << 20  # bytes of a file that a worker reads at once
_LEAST_ROWS = 1000  # that a worker reads at once of a file of rows


@dataclass(frozen=True, slots=True)
class _Asked:
    """A part of a file."""

    start: int  # byte
    end: int  # byte after the last
    is_inside: bool  # whether it seems to begin between quotation marks, by the number of those before


@dataclass(frozen=True, slots=True)
class _Part:
    """What is found in a part of a file that has n rows."""

    starts: IntArray  # (n,) bytes, or (n + 1,) with that of the first row beyond the part
    numbers: IntArray  # (n,) or (n + 1,) lines, as counted from where the part was begun
    rows: int
    bytes: bytes  # of the n rows, for the digest
    notes: Noting  # of the n rows


def indexed_by_workers(
    content: Content, form: RowFormat, named: str, noting: Callable[[], Noting], notes: Noting, workers: int
) -> Index:
    """Read a file through in several processes.

    Args:
        content: The file.
        form: How its rows are read.
        named: What messages call it before the number of a row.
        noting: Makes what looks at the rows of a part.
        notes: Is added what was noted of all parts.
        workers: Processes.

    Raises:
        DataError: A row is faulty.
    """
    read = partial(_read, content, form, named, noting)
    digest, starts, numbers = hashlib.blake2b(digest_size=16), list[IntArray](), list[IntArray]()
    follows: Offset | None = BEGINNING  # where the next row begins; None: there is none
    ends = [*range(_PART, content.size, _PART), content.size]
    with _pool(partial(_guessed, content, read, form.is_quoted), workers, len(ends)) as pool:
        for guess, end in zip(pool.results(_asked(content, ends, form.is_quoted)), ends, strict=True):
            if follows is None:
                continue
            part = guess if guess is not None and _begins_at(guess, follows) else read(follows, end)
            lines = follows.lines + 1 - int(part.numbers[0]) if follows.byte and len(part.numbers) else 0
            starts.append(part.starts[: part.rows])
            numbers.append(part.numbers[: part.rows] + lines)
            digest.update(part.bytes)
            notes.add(part.notes)
            follows = _beyond(part, lines)
    return Index(np.concatenate(starts), np.concatenate(numbers), digest.hexdigest())


def _asked(content: Content, ends: Sequence[int], is_quoted: bool) -> Iterator[_Asked]:
    """Cut a file into parts, up to these bytes."""
    marks = 0
    for start, end in pairwise([0, *ends]):
        yield _Asked(start, end, is_inside=marks % 2 == 1)
        marks += content.read(start, end).count(b'"') if is_quoted else 0


def _guessed(content: Content, read: Callable[[Offset, int], _Part], is_quoted: bool, asked: _Asked) -> _Part | None:
    """Read the rows that seem to begin in a part; None where it seems that none does, or one is faulty."""
    start = _first_line(content, asked, b'"' if is_quoted else b"")
    try:
        return None if start is None else read(Offset(start), asked.end)
    except TextclError:
        return None


def _first_line(content: Content, asked: _Asked, mark: bytes) -> int | None:
    """Return the byte of the first line in a part that begins outside of quotation marks, by their number."""
    start, is_inside = asked.start, asked.is_inside
    at_line = start == 0 or content.read(start - 1, start) == b"\n"
    for raw in content.lines(start):
        if at_line and not is_inside:
            return start
        start, at_line = start + len(raw), True
        is_inside ^= bool(mark) and raw.count(mark) % 2 == 1
        if start >= asked.end:
            break
    return None


def _read(
    content: Content, form: RowFormat, named: str, noting: Callable[[], Noting], begin: Offset, end: int
) -> _Part:
    """Read the rows from where one begins, as far as they begin before the byte `end`."""
    starts, numbers, notes = array("q"), array("q"), noting()

    def examples() -> Iterator[Example]:
        for span in form.spans(content, begin):
            starts.append(span.start)
            numbers.append(span.number)
            if span.start >= end:
                return
            yield form.example(0, span.raw, f"{named} {span.number}")

    found = [digested(example) for example in notes.over(examples())]
    starts_, numbers_ = np.frombuffer(starts, dtype=np.int64), np.frombuffer(numbers, dtype=np.int64)
    return _Part(starts_, numbers_, len(found), b"".join(found), notes)


def _begins_at(part: _Part, follows: Offset) -> bool:
    return follows == BEGINNING or (len(part.starts) > 0 and int(part.starts[0]) == follows.byte)


def _beyond(part: _Part, lines: int) -> Offset | None:
    """Return where the first row beyond a part begins, whose lines were counted from so many."""
    if len(part.starts) == part.rows:
        return None
    return Offset(int(part.starts[-1]), int(part.numbers[-1]) + lines - 1)


def fingerprint_by_workers(
    examples: Callable[[range], Iterator[Example]], rows: int, size: int, notes: Notes, workers: int
) -> str:
    """Check and digest rows in several processes.

    Args:
        examples: Reads some of the rows.
        rows: How many there are.
        size: Bytes of them.
        notes: Is added what was noted of them.
        workers: Processes.

    Raises:
        DataError: A row is faulty.
    """
    digest, step = hashlib.blake2b(digest_size=16), max(_LEAST_ROWS, rows * _PART // size)
    parts = [range(start, min(start + step, rows)) for start in range(0, rows, step)]
    with _pool(partial(_digested, examples), workers, len(parts)) as pool:
        for found, part in zip(pool.results(parts), parts, strict=True):
            raw, noted = found or _digest_of(examples, part)
            digest.update(raw)
            notes.add(noted)
    return digest.hexdigest()


def _digested(examples: Callable[[range], Iterator[Example]], rows: range) -> tuple[bytes, Notes] | None:
    try:
        return _digest_of(examples, rows)
    except TextclError:
        return None


def _digest_of(examples: Callable[[range], Iterator[Example]], rows: range) -> tuple[bytes, Notes]:
    notes = Notes()
    return b"".join(map(digested, notes.over(examples(rows)))), notes


def read_ahead(files: Sequence[Path], opened: Callable[[Path], Source], workers: int) -> None:
    """Open shards in several processes, which keep what they find: opening one here takes no time then.

    A faulty one is left to who opens it here. What is said of a shard by its name is said here.
    """
    with _pool(partial(_opened, opened), workers, len(files)) as pool:
        for said in pool.results(files):
            for name, level, message in said:
                logging.getLogger(name).log(level, "%s", message)


class _Said(logging.Handler):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, int, str]] = []  # by whom, how loud, what

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append((record.name, record.levelno, record.getMessage()))


def _opened(opened: Callable[[Path], Source], file: Path) -> list[tuple[str, int, str]]:
    """Open a shard, and return what is said of it."""
    heard, log = _Said(), logging.getLogger("textcl")
    log.handlers, log.propagate = [heard], False  # this process is ours
    with passing(FirstPass(is_shard=True)), suppress(TextclError):
        opened(file)
    return [line for line in heard.said if str(file) in line[2]]


@contextmanager
def _pool(work: Callable[[Item], Result], workers: int, items: int) -> Iterator[DataWorkers[Item, Result]]:
    """Yield the processes, no more of them than there are items."""
    pool = DataWorkers(work, min(workers, items))
    try:
        yield pool
    finally:
        pool.close()
