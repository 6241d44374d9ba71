"""The lines of a text file, plain or gzipped, with errors that name the line."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from textcl.errors import DataError, suggestion

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decoded(raw: bytes, place: str) -> str:
    """Return bytes as text, without a byte order mark.

    Raises:
        DataError: They are not UTF-8.
    """
    try:
        return raw.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        byte = raw[fault.start]
        encoding = "utf-16" if raw.startswith(_UTF16_MARKS) else "latin1"
        raise DataError(
            f"{place}: not UTF-8 (byte 0x{byte:02x} at column {fault.start + 1}). "
            f"Convert the file, for example: iconv -f {encoding} -t utf-8"
        ) from fault


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, stripped, with its number in the file; the first line is 1.

    Raises:
        DataError: No such file, a line that is not UTF-8, a broken gzip file, or no text in the file at all.
    """
    refuse_absence(path)
    found = False
    for number, raw in enumerate(_raw_lines(path), start=1):
        text = decoded(raw, f"{path}, line {number}").strip()
        if text:
            found = True
            yield number, text
    if not found:
        raise DataError(f"{path}: {NO_TEXT}")


NO_TEXT = "the file holds no text; it should hold one row a line."


def refuse_absence(path: Path) -> None:
    """Refuse a path that is no file, with what might be meant."""
    if path.is_file():
        return
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it.")
    folder = path.parent
    if not folder.is_dir():
        raise DataError(f"{path}: no such file; its folder {folder.absolute()} does not exist.")
    names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    raise DataError(f"{path}: no such file in {folder.absolute()}.{suggestion(path.name, names)}")


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file, plain or gzipped, and tell what goes wrong while it is read.

    Raises:
        DataError: A broken gzip file, or one that cannot be read.
    """
    try:
        with _opened(path) as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise DataError(f"{path}: not a whole gzip file ({fault}). Fetch or compress it again.") from fault
    except OSError as fault:
        raise DataError(f"{path}: cannot be read ({fault.strerror or fault}).") from fault


def _raw_lines(path: Path) -> Iterator[bytes]:
    with reading(path) as file:
        yield from file


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))  # GzipFile iterates over bytes, which its stub leaves out
    return path.open("rb")


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
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def open_new(path: Path, name: str) -> IO[str]:
    """Open a file for writing lines as they were read, gzipped where the name that it will have ends in .gz."""
    if _is_gzipped(Path(name)):
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def _is_gzipped(path: Path) -> bool:
    return path.suffix.lower() == ".gz"
