"""Arrow files mapped into memory: their batches lie on disk until a row of them is read."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from textcl.data.sources.columns import Columns, Named, columns_of, refuse_missing
from textcl.data.sources.file_rows import LARGE, keeping
from textcl.data.sources.fingerprint import fingerprint_of, kept_fingerprint
from textcl.errors import DataError
from textcl.files.lines import refuse_absence
from textcl.types.text import Example
from textcl.util.cache import cache_folder, file_key

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
            f"{path}: cannot be read ({first}). It may be cut off or of another format: fetch or write it again."
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


_CHECKED_AT_ONCE = 1000  # rows


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Rows of a mappable Arrow file as a source. It holds no map, so any process may be given a copy."""

    path: Path  # as the user names it
    file: Path  # what is mapped: the same, or a copy in the cache folder
    changed: int  # when, nanoseconds
    columns: Columns
    fingerprint: str

    def __len__(self) -> int:
        return mapped(self.file, self.changed).ends[-1]

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        found = mapped(self.file, self.changed)
        number = bisect_right(found.ends, row)
        inner = row - (found.ends[number - 1] if number else 0)
        record = {name: found.batches[number].column(name)[inner].as_py() for name in self.columns.names}
        return self.columns.example(row, record, self.place(row))

    def place(self, row: int) -> str:
        """Name the file and the row; the first is 1."""
        return _place(self.path, range(len(self))[row])


def open_rows(path: Path, file: Path, columns: Columns) -> ArrowRows:
    """Open a mappable Arrow file and check every row of it; a large one is checked only once while it is unchanged.

    Args:
        path: As the user names it.
        file: What is mapped.
        columns: Those that are read.

    Raises:
        DataError: A column is missing, there are no rows, or one is faulty.
    """
    status = file.stat()
    found = mapped(file, status.st_mtime_ns)
    refuse_missing(columns, found.names, str(path))
    if not found.ends:
        raise DataError(f"{path}: the file holds no rows.")
    key = file_key(file, path, columns) if status.st_size > LARGE else None
    fingerprint = kept_fingerprint(key, lambda: fingerprint_of(_examples(path, file, status.st_mtime_ns, columns)))
    return ArrowRows(path, file, status.st_mtime_ns, columns, fingerprint)


def _examples(path: Path, file: Path, changed: int, columns: Columns) -> Iterator[Example]:
    row = 0
    with arrow_errors(path):
        for batch in mapped(file, changed).batches:
            for start in range(0, batch.num_rows, _CHECKED_AT_ONCE):
                for record in batch.select(list(columns.names)).slice(start, _CHECKED_AT_ONCE).to_pylist():
                    yield columns.example(row, record, _place(path, row))
                    row += 1


def _place(path: Path, row: int) -> str:
    return f"{path}, row {row + 1}"


class Arrow:
    """Rows of an Arrow file: Feather (version 2), or what `datasets` keeps as `.arrow`.

    The file is mapped into memory, of any size; one that is compressed is unpacked once into the user's cache folder.

    Args:
        path: The file.
        anchor: The column of anchors.
        positive: The column of positives, texts or lists of them, or several columns; null: the views are made from
            the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, broken or without rows, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice.

    Example:
        data:
          sources:
            - {use: Arrow, path: pairs.arrow, anchor: question, positive: answer}
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: str | None = None,
        label: str | None = None,
    ) -> None:
        columns = columns_of(anchor, positive, negative, score, label)
        file = Path(path).expanduser()
        refuse_absence(file)
        self._rows = open_rows(file, mappable(file), columns)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def place(self, row: int) -> str:
        """Name the file and the row."""
        return self._rows.place(row)
