"""Arrow files mapped into memory: their batches lie on disk until a row of them is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from textcl.data.cache_folder import cache_folder, file_key
from textcl.data.content import keeping
from textcl.errors import DataError

_OPEN_FILES = 16  # that stay mapped at most, of all sources together
Batches = Iterable[Any]  # of pyarrow.RecordBatch, which has no types


@dataclass(frozen=True, slots=True)
class Mapped:
    """The batches of a mapped file, and the row after the last of each."""

    names: tuple[str, ...]  # of the columns
    batches: tuple[Any, ...]  # pyarrow.RecordBatch, which has no types
    ends: tuple[int, ...]


@lru_cache(maxsize=_OPEN_FILES)
def mapped(file: Path, changed: int) -> Mapped:
    """Map a file, or return its map of before; the time of change tells a file from another of its name."""
    with arrow_errors(file):
        reader = _reader(pa.memory_map(str(file)))
        batches = tuple(batch for batch in _batches(reader) if batch.num_rows)
        ends = tuple(accumulate(batch.num_rows for batch in batches))
        return Mapped(tuple(reader.schema.names), batches, ends)


def mappable(path: Path) -> Path:
    """Return an Arrow file that can be mapped: the file itself, or a copy in the cache folder where it is compressed.

    Raises:
        DataError: It is no Arrow file.
    """
    with arrow_errors(path), pa.memory_map(str(path)) as source:
        whole = source.read_buffer()
        source.seek(0)
        first = next(iter(_batches(_reader(source))), None)
        if first is None or _lies_in(whole, first):
            return path
        source.seek(0)
        reader = _reader(source)
        return arrow_copy(path, reader.schema, _batches(reader))


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
            for batch in _told(path, batches):
                writer.write_batch(batch)
    return target


def arrow_batches(source: Any) -> Iterator[Any]:
    """Yield the pyarrow.RecordBatch of a mapped file, of either layout."""
    return _batches(_reader(source))


@contextmanager
def arrow_errors(path: Path) -> Iterator[None]:
    """Tell what pyarrow finds wrong with a file as a `DataError`."""
    try:
        yield
    except (pa.ArrowException, OSError) as fault:
        first = (str(fault).splitlines() or ["it breaks off"])[0].rstrip(".")
        raise DataError(
            f"{path}: can not be read ({first}). It may be cut off or of another format: fetch or write it again."
        ) from fault


def _told(path: Path, batches: Batches) -> Iterator[Any]:
    with arrow_errors(path):
        yield from batches


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


def _lies_in(whole: Any, batch: Any) -> bool:
    """Say whether a batch is a part of the mapped file, as one that is not compressed is."""
    buffers = [buffer for column in batch.columns for buffer in column.buffers() if buffer is not None and buffer.size]
    return all(whole.address <= buffer.address < whole.address + whole.size for buffer in buffers)
