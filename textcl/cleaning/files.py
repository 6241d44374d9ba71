"""Files of lines: read with errors that name the line, written plain or gzipped, checked before hours of work."""

import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from textcl.errors import DataError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how such a file starts


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
        try:
            line = raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            is_utf_16 = self.number == 1 and raw.startswith(_UTF_16)
            raise DataError(
                f"{self._path}, line {self.number}: not UTF-8 (byte 0x{raw[error.start]:02x}). Convert the file, for "
                f"example: iconv -f {'utf-16' if is_utf_16 else 'latin1'} -t utf-8"
            ) from error
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
        DataError: Says what stands in the way.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; name a file in it.")
        if path.exists() and not force:
            raise DataError(f"{path} is there already; name another file, or replace it with --force.")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"{path} can not be written ({error.strerror}); name a file elsewhere.") from error


def _is_gzipped(path: Path) -> bool:
    return path.suffix.lower() == ".gz"
