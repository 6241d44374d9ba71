"""Files of lines: read with errors that name the line, written plain or gzipped, checked before hours of work."""

import errno
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from textcl.atomic import passing_folder
from textcl.errors import DataError, WriteError


@contextmanager
def open_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """Open a file for reading, plain or gzipped, line by line.

    Raises:
        DataError: There is no such file, or it is broken.
    """
    try:
        with gzip.open(path, "rb") if _is_gzipped(path) else path.open("rb") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can not be read: {getattr(error, 'strerror', None) or error}.") from error


def open_new(path: Path, name: str) -> IO[str]:
    """Open a file for writing lines as they were read, gzipped where the name that it will have ends in .gz."""
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
