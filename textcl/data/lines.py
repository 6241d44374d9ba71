"""The lines of a text file, plain or gzipped, with errors that name the line."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from textcl.decoding import decoded
from textcl.errors import DataError, suggestion


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
        DataError: A broken gzip file, or one that can not be read.
    """
    try:
        with _opened(path) as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise DataError(f"{path}: not a whole gzip file ({fault}). Fetch or compress it again.") from fault
    except OSError as fault:
        raise DataError(f"{path}: can not be read ({fault.strerror or fault}).") from fault


def _raw_lines(path: Path) -> Iterator[bytes]:
    with reading(path) as file:
        yield from file


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))  # GzipFile iterates over bytes, which its stub leaves out
    return path.open("rb")
