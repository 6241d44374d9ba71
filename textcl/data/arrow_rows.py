"""The rows of an Arrow file that is mapped into memory, checked once."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.data.arrow_map import arrow_errors, mapped
from textcl.data.cache_folder import file_key
from textcl.data.columns import Columns, refuse_missing
from textcl.data.file_rows import LARGE
from textcl.data.fingerprint import fingerprint_of, kept_fingerprint
from textcl.errors import DataError
from textcl.types import Example

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
