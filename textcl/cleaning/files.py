"""Files of lines: read with errors that name the line, written plain or gzipped, checked before hours of work."""

import errno
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from textcl.atomic import passing_folder
from textcl.decoding import decoded
from textcl.errors import DataError, WriteError


class Lines:
    """The lines of a file as text, with their ends; those that were taken for a row are remembered."""

    def __init__(self, path: Path, file: Iterable[bytes]) -> None:
        self.number = 0  # of the line that was taken last
        self._path = path
        self._lines = iter(file)
        self._taken: list[str] = []

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        self.number += 1
        line = decoded(raw, f"{self._path}, line {self.number}")
        self._taken.append(line)
        return line

    def taken(self) -> str:
        """Return what was taken since the last call, as it stands in the file."""
        taken = "".join(self._taken)
        self._taken.clear()
        return taken


@contextmanager
def open_lines(path: Path) -> Iterator[Lines]:
    """Open a file for reading, plain or gzipped.

    Raises:
        DataError: There is no such file, or it is broken; a line is not UTF-8.
    """
    try:
        with gzip.open(path, "rb") if _is_gzipped(path) else path.open("rb") as file:
            yield Lines(path, file)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can not be read: {getattr(error, 'strerror', None) or error}.") from error


def open_new(path: Path, name: str) -> IO[str]:
    """Open a file for writing what `Lines` returned, gzipped where the name that it will have ends in .gz."""
    if _is_gzipped(Path(name)):
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def refuse_place(path: Path, *, force: bool) -> None:
    """Refuse a place where no file can be written, or, unless forced, where there is one.

    Raises:
        DataError: There is one.
        WriteError: It can not be written.
    """
    if path.is_dir():
        raise WriteError(errno.EISDIR, "it is a folder", str(path))
    with passing_folder(path):  # before any work
        if path.exists() and not force:
            raise DataError(f"{path} is there already; name another file, or replace it with --force.")


def _is_gzipped(path: Path) -> bool:
    return path.suffix.lower() == ".gz"
