"""Files of lines: read with errors that name the line, written plain or gzipped."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from textcl.errors import DataError


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


def _is_gzipped(path: Path) -> bool:
    return path.suffix.lower() == ".gz"
