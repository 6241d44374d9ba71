"""Parquet and Arrow files: rows in one pass, and maps of Arrow files into memory, whose batches stay on disk."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textcl.errors import DataError
from textcl.files.content import keeping
from textcl.files.formats import FileKind, check_signature, kind_of
from textcl.files.lines import EmptyFileError, head_of
from textcl.util.cache import cache_folder, file_key

_AT_ONCE = 1000  # rows that are in memory at once
_WRITTEN = 2 << 20  # bytes of a batch of a copy, at least: each costs time when a file is mapped
_OPEN_FILES = 1024  # that stay mapped at most, of all files together; no handle is kept of one
Batches = Iterable[Any]  # of pyarrow.RecordBatch, which has no types


def columnar_records(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a Parquet or Arrow file, by its ending, some at a time.

    Raises:
        DataError: The file is missing, broken, of another format, or has two columns of one name.
    """
    yield from _parquet_records(path) if kind_of(path) is FileKind.PARQUET else _arrow_records(path)


def _parquet_records(path: Path) -> Iterator[dict[str, object]]:
    with open_parquet(path) as table:
        _refuse_twins(path, table.schema_arrow.names)
        for batch in table.iter_batches(_AT_ONCE, use_threads=False):
            yield from batch.to_pylist()


def _arrow_records(path: Path) -> Iterator[dict[str, object]]:
    _check(path, ".arrow")
    with arrow_errors(path), pa.memory_map(str(path)) as source:
        reader = _reader(source)
        _refuse_twins(path, reader.schema.names)
        for batch in map(_sound, _batches(reader)):
            for start in range(0, batch.num_rows, _AT_ONCE):
                yield from batch.slice(start, _AT_ONCE).to_pylist()


def _refuse_twins(path: Path, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path}: there are {names.count(twice)} columns '{twice}'; rename or drop all but one.")


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """Open a Parquet file as a pyarrow.parquet.ParquetFile; what goes wrong while it is read is a `DataError`.

    Raises:
        DataError: The file is missing, broken, or of another format.
    """
    _check(path, ".parquet")
    with arrow_errors(path), pq.ParquetFile(path, memory_map=True) as table:
        yield table


@contextmanager
def arrow_errors(path: Path) -> Iterator[None]:
    """Raise what pyarrow finds wrong with a file as a `DataError`."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        first = (str(error).splitlines() or ["it breaks off"])[0].rstrip(".")
        raise DataError(
            f"{path}: cannot be read ({first}). It may be cut off or of another format: fetch or write it again."
        ) from error


def _check(path: Path, ending: str) -> None:
    head = head_of(path)
    check_signature(path, head, ending)
    if not head:
        raise EmptyFileError(path)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The batches of a mapped file, and the row after the last of each."""

    names: tuple[str, ...]  # of the columns
    batches: tuple[Any, ...]  # pyarrow.RecordBatch, which has no types
    ends: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.ends[-1] if self.ends else 0

    def record(self, row: int, columns: Iterable[str]) -> dict[str, object]:
        """Return some columns of a row."""
        number = bisect_right(self.ends, row)
        inner = row - (self.ends[number - 1] if number else 0)
        return {name: self.batches[number].column(name)[inner].as_py() for name in columns}

    def records(self, columns: Iterable[str] | None, rows: range | None = None) -> Iterator[Mapping[str, object]]:
        """Yield some columns of rows in order; None: all."""
        named = list(self.names if columns is None else columns)
        asked = range(self.rows) if rows is None else rows
        for batch, end in zip(self.batches, self.ends, strict=True):
            first = end - batch.num_rows
            inner = range(max(asked.start - first, 0), min(asked.stop - first, batch.num_rows))
            chosen = _sound(batch.select(named).slice(inner.start, len(inner)))
            for start in range(0, chosen.num_rows, _AT_ONCE):
                yield from chosen.slice(start, _AT_ONCE).to_pylist()


@lru_cache(maxsize=_OPEN_FILES)
def mapped(file: Path, changed: int) -> Mapped:
    """Map an Arrow file, or return its map of before; the time of change tells a file from another of its name."""
    with arrow_errors(file):
        with pa.memory_map(str(file)) as source:  # what is mapped stays so while a batch lies in it
            reader = _reader(source)
            batches = tuple(batch for batch in _batches(reader) if batch.num_rows)
        ends = tuple(accumulate(batch.num_rows for batch in batches))
        return Mapped(tuple(reader.schema.names), batches, ends)


def mappable(path: Path) -> Path:
    """Return an Arrow file that can be mapped: the file itself, or a copy in the cache folder where it is compressed.

    Raises:
        DataError: It is no Arrow file.
    """
    _check(path, ".arrow")
    with arrow_errors(path), pa.memory_map(str(path)) as source:
        whole = source.read_buffer()
        source.seek(0)
        first = next(iter(_batches(_reader(source))), None)
        if first is None or _lies_in(whole, first):
            return path
        source.seek(0)
        reader = _reader(source)
        return arrow_copy(path, reader.schema, map(_sound, _batches(reader)))


def parquet_copy(path: Path, columns: Iterable[str]) -> Path:
    """Return an Arrow file in the cache folder with some columns of a Parquet file, for which each must be there."""
    named = list(columns)
    with open_parquet(path) as table:
        schema = pa.schema([field for field in table.schema_arrow if field.name in named])
        batches = table.iter_batches(_AT_ONCE, columns=named, use_threads=False)
        return arrow_copy(path, schema, (batch.select(schema.names) for batch in batches), tuple(named))


def arrow_copy(path: Path, schema: Any, batches: Batches, *parts: object) -> Path:
    """Write batches uncompressed into the cache folder, unless an earlier run did.

    Args:
        path: The file that they are from.
        schema: Their pyarrow.Schema.
        batches: Are read one at a time.
        parts: What else the copy depends on.
    """
    target = cache_folder("unpacked") / file_key(path, *parts)
    if not target.is_file():
        with keeping(path, target) as temporary, pa.ipc.new_stream(str(temporary), schema) as writer:
            for batch in _joined(_guarded(path, batches)):
                writer.write_batch(batch)
    return target


def _guarded(path: Path, batches: Batches) -> Iterator[Any]:
    with arrow_errors(path):
        yield from batches


def _joined(batches: Batches) -> Batches:
    """Join small batches."""
    held: list[Any] = []  # of pyarrow.RecordBatch
    for batch in batches:
        held.append(batch)
        if sum(part.nbytes for part in held) >= _WRITTEN:
            yield from pa.Table.from_batches(held).combine_chunks().to_batches()
            held.clear()
    if held:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()


def _reader(source: Any) -> Any:
    """Open an Arrow file of either layout: with a footer, as Feather has, or as a stream, as `datasets` writes."""
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _batches(reader: Any) -> Iterator[Any]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return (reader.get_batch(number) for number in range(reader.num_record_batches))
    return iter(reader)


def _sound(batch: Any) -> Any:
    """Return a batch whose offsets stay in it: pyarrow follows those of a damaged file anywhere, to a crash."""
    batch.validate(full=True)
    return batch


def _lies_in(whole: Any, batch: Any) -> bool:
    """Say whether a batch is a part of the mapped file, as one that is not compressed is."""
    buffers = [buffer for column in batch.columns for buffer in column.buffers() if buffer is not None and buffer.size]
    return all(whole.address <= buffer.address < whole.address + whole.size for buffer in buffers)
