"""The bytes of a text file in any order: a compressed one is unpacked once into the user's cache folder."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from textcl.errors import DataError
from textcl.files.formats import compression_of
from textcl.files.lines import reading
from textcl.util.atomic import new_file
from textcl.util.cache import cache_folder, file_key

_OPEN_FILES = 64  # that stay open at most, of all files together


@dataclass(frozen=True, slots=True)
class Content:
    """A file whose bytes are read where they are needed. It holds no handle, so any process may be given a copy."""

    path: Path  # as the user names it
    file: Path  # where its bytes lie plain: the same, or a copy in the cache folder
    size: int  # bytes, plain
    changed: int  # when, nanoseconds
    original: tuple[int, int]  # bytes of `path`, and when it was changed

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Yield all lines with their ends, from the one that begins at byte `start`."""
        with reading(self.file) as file:
            file.seek(start)
            yield from file

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`.

        Raises:
            DataError: The file was changed after it was opened.
        """
        try:
            handle = _opened(self.file, self.changed)
        except OSError as error:
            raise DataError(f"{self.path}: can no longer be read ({error.strerror or error}).") from error
        status = os.fstat(handle.number)
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
            raise changed_in_use(self.path)
        if self.file != self.path:
            refuse_changed(self.path, self.original)
        if hasattr(os, "pread"):
            return os.pread(handle.number, end - start, start)
        with self.file.open("rb") as file:  # Windows has no such call
            file.seek(start)
            return file.read(end - start)


@dataclass(frozen=True, slots=True)
class Offset:
    """Where a row begins."""

    byte: int = 0
    lines: int = 0  # before it


BEGINNING = Offset()  # of a file


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of one row, and where they begin."""

    number: int  # line, the first is 1
    start: int  # byte
    raw: bytes


def open_content(path: Path) -> Content:
    """Open a text file; what is compressed is unpacked, for it cannot be read in any order.

    Raises:
        DataError: There is no such file, it cannot be read, or there is no room for what it unpacks to.
    """
    with reading(path):  # looks at the first bytes
        pass
    file = _unpacked(path) if compression_of(path) else path
    status = file.stat()
    return Content(path, file, status.st_size, status.st_mtime_ns, state_of(path))


def state_of(path: Path) -> tuple[int, int]:
    """Return the bytes of a file, and when it was changed."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def refuse_changed(path: Path, before: tuple[int, int]) -> None:
    """Refuse a file that is another than before; one that is gone is none, where its copy is read.

    Raises:
        DataError: It was changed.
    """
    with suppress(FileNotFoundError):
        if state_of(path) != before:
            raise changed_in_use(path)


def changed_in_use(path: Path) -> DataError:
    """Return the error for a file that was changed while a run reads it."""
    return DataError(f"{path}: was changed while it was in use. Start again, and leave it as it is.")


def line_spans(content: Content, begin: Offset = BEGINNING) -> Iterator[Span]:
    """Yield the lines of a file that are not blank."""
    start = begin.byte
    for number, raw in enumerate(content.lines(start), start=begin.lines + 1):
        if not _is_blank(raw):
            yield Span(number, start, raw)
        start += len(raw)


@contextmanager
def keeping(path: object, target: Path) -> Iterator[Path]:
    """Yield a temporary file for what is made of `path`; it becomes `target` when the block ends well.

    Raises:
        DataError: It cannot be written.
    """
    try:
        with new_file(target) as temporary:
            yield temporary
    except OSError as error:
        raise DataError(
            f"{path}: is unpacked into {target.parent}, which cannot be written ({error.strerror or error}). Make "
            "room there, or set XDG_CACHE_HOME to a folder with room."
        ) from error


def _is_blank(raw: bytes) -> bool:
    return not raw.decode(errors="replace").removeprefix("\ufeff").strip()


def _unpacked(path: Path) -> Path:
    target = cache_folder("unpacked") / file_key(path)
    if not target.is_file():
        changed = path.stat().st_mtime_ns
        with keeping(path, target) as temporary:
            with temporary.open("wb") as file:
                file.writelines(_pieces(path))
            os.utime(temporary, ns=(changed, changed))  # a copy that another process puts in its place is the same
    return target


def _pieces(path: Path) -> Iterator[bytes]:
    with reading(path) as file:
        while piece := file.read(1 << 20):
            yield piece


class _Handle:
    """An open file, closed when nobody uses it any more; reads at an offset, so threads and forks may share it."""

    def __init__(self, file: Path) -> None:
        self.number = -1
        self.number = os.open(file, os.O_RDONLY)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


@lru_cache(maxsize=_OPEN_FILES)
def _handle(file: Path, changed: int) -> _Handle:
    """Open a file, or return its handle of before; the time of change tells a file from another of its name."""
    return _Handle(file)


def _opened(file: Path, changed: int) -> _Handle:
    """Do the same where a process may have few files open: those that wait here are closed before one is refused."""
    try:
        return _handle(file, changed)
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    _handle.cache_clear()
    return _handle(file, changed)
