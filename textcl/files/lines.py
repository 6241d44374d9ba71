"""The bytes and lines of a text file, plain or compressed, with errors that name the line."""

import bz2
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from textcl.errors import DataError, suggestion
from textcl.files.formats import COMPRESSIONS, OtherLines, check_signature, check_text, compression_of, not_utf8

_HEAD = 4096  # bytes that are looked at
_LOOKED_AT = 64 << 20  # bytes, where something is wrong
_NO_ROWS = "the file holds no rows. Fill it, or name another file."
_LONGEST_LINE = 64 << 20  # bytes, of what is compressed
_MOST_GROWTH, _ALWAYS_UNPACKED = 200, 1 << 30  # how often its size a file unpacks to, beyond so many bytes
BLANK = "found an empty text; fill it, or drop the row."
NUL = "found a NUL character, which no text holds. Is it UTF-16 without a mark, or a damaged file? Mend it, or drop it."


class EmptyFileError(DataError):
    """A file holds no rows; whoever reads several passes it over.

    Args:
        path: The file.
    """

    def __init__(self, path: object) -> None:
        super().__init__(f"{path}: {_NO_ROWS}")


def decoded(raw: bytes, location: str) -> str:
    """Return bytes as text, without a byte order mark.

    Args:
        raw: The bytes of a line, or of a whole file.
        location: The path, and for a line `, line 3`.

    Raises:
        DataError: They are not UTF-8, or hold the byte 0; says what they look like.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        lines = _other_lines(Path(location.rpartition(", line ")[0] or location))
        raise not_utf8(raw, location, error.start, lines) from error
    if "\0" in text:
        raise DataError(f"{location}: {NUL}")
    return text.removeprefix("\ufeff")


def _other_lines(path: Path) -> OtherLines | None:
    """Say how many lines of a file, of the first 64 MB, are UTF-8 and how many are not."""
    right, wrong, size = 0, 0, 0
    try:
        with reading(path) as lines:
            for raw in lines:
                size += len(raw)
                if not raw.isascii():
                    is_wrong = "\ufffd" in raw.decode(errors="replace")
                    right, wrong = right + (not is_wrong), wrong + is_wrong
                if size > _LOOKED_AT:
                    break
    except DataError:
        return None
    return OtherLines(right, wrong)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, stripped, with its number in the file; the first line is 1.

    Raises:
        DataError: No such file, a line that is not UTF-8, a broken file, or no text in the file at all.
    """
    found = False
    with reading(path) as lines:
        for number, raw in enumerate(lines, start=1):
            location = f"{path}, line {number}"
            text = decoded(raw, location).strip()
            if text:
                if not found:
                    refuse_object(text, location)
                found = True
                yield number, text
    if not found:
        raise EmptyFileError(path)


def refuse_object(text: str, location: str) -> None:
    """Refuse a JSON object as the first line of a text file.

    Raises:
        DataError: It is one.
    """
    if not (text.startswith("{") and text.endswith("}")):
        return
    try:
        is_object = bool(json.loads(text))
    except (ValueError, RecursionError):
        return
    if is_object:
        raise DataError(f"{location}: found a JSON object in a text file. Rename the file so that it ends in .jsonl.")


def refuse_absence(path: Path) -> None:
    """Refuse a path that is no file, with what might be meant."""
    try:
        if path.is_file():
            return
    except OSError as error:  # a name that is too long, or a folder that may not be looked into
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it.")
    if any(character in str(path) for character in "\n\r\t"):
        raise DataError(
            f"{str(path)!r}: no such file; its name holds a tab or line break. In YAML a path with \\ stands "
            "between single quotes."
        )
    folder = path.parent
    if not folder.is_dir():
        raise DataError(f"{path}: no such file; its folder {folder.absolute()} does not exist.")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    way_out = suggestion(path.name, names) or f" The folder holds {shown or 'no files'}."
    raise DataError(f"{path}: no such file in {folder.absolute()}.{way_out}")


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a text file, plain or compressed; what goes wrong while it is read is a `DataError`.

    Raises:
        DataError: There is no such file, it holds something else than text, is not whole, or cannot be read.
    """
    refuse_absence(path)
    ending = compression_of(path)
    try:
        if ending:
            with path.open("rb") as packed:
                check_signature(path, packed.read(_HEAD), ending)
        with _opened(path, ending) as file:
            check_text(path, file.peek(_HEAD)[:_HEAD])
            yield cast("BinaryIO", file)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _broken(path, ending, error) from error


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file as they lie on disk.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    refuse_absence(path)
    try:
        with _opened(path, "") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise _broken(path, "", error) from error


def open_new(path: Path, name: str) -> IO[str]:
    """Open a file for writing lines as they were read, compressed as the ending of the name says that it will have."""
    ending = compression_of(Path(name))
    if ending == ".gz":
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    if ending == ".bz2":
        return bz2.open(path, "wt", encoding="utf-8", newline="")
    if ending == ".xz":
        return lzma.open(path, "wt", encoding="utf-8", newline="")
    if ending == ".zst":
        import pyarrow as pa  # here because it takes a tenth of a second, and only this compression needs it

        return io.TextIOWrapper(pa.CompressedOutputStream(str(path), "zstd"), encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def _opened(path: Path, ending: str) -> io.BufferedReader:
    """Open a file unpacked, in a reader that can look ahead."""
    if ending == ".zst":
        import pyarrow as pa  # here because it takes a tenth of a second, and only this compression needs it

        return io.BufferedReader(_Unpacked(path, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")))
    if not ending and not path.stat().st_size:  # files of the kernel have no size, and some have no end
        return io.BufferedReader(io.BytesIO())
    if not ending:
        return path.open("rb")
    packed: Any = {".gz": gzip, ".bz2": bz2, ".xz": lzma}[ending]
    return io.BufferedReader(_Unpacked(path, packed.open(path, "rb")))


class _Unpacked(io.RawIOBase):
    """What a compressed file unpacks to, as long as it could be text: a small file may hold a line of any length."""

    def __init__(self, path: Path, file: Any) -> None:  # Any: what libraries open, which has `read`
        self._path, self._file = path, file
        self._line = self._size = 0  # bytes, of the last line and of all
        self._most = max(_ALWAYS_UNPACKED, _MOST_GROWTH * path.stat().st_size)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, and return how many bytes that were; 0 at the end."""
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        end = piece.rfind(b"\n")
        self._line = self._line + len(piece) if end < 0 else len(piece) - end - 1
        self._size += len(piece)
        if self._line > _LONGEST_LINE:
            raise DataError(f"{self._path}: a line in it is longer than {_LONGEST_LINE >> 20} MB, as no text is.")
        if self._size > self._most:
            raise DataError(f"{self._path}: it unpacks to more than {_MOST_GROWTH} times its size, as no text does.")
        return len(piece)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _broken(path: Path, ending: str, error: Exception) -> DataError:
    if ending and getattr(error, "errno", None) is None:
        return DataError(f"{path}: not a whole {COMPRESSIONS[ending]} file ({error}). Fetch or compress it again.")
    return DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).")
