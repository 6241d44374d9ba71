"""What a file is: by the ending of its name, and by its first bytes, which must agree."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from textcl.errors import DataError


class FileKind(Enum):
    """The kinds of files that rows of text are read from."""

    TEXT = "text"  # a text a line
    JSON = "JSONL"  # an object a line
    CSV = "CSV"
    TSV = "TSV"
    PARQUET = "Parquet"
    ARROW = "Arrow"


READS_COLUMNS = "JSONL, CSV or TSV (plain, .gz, .bz2, .xz or .zst), Parquet or Arrow"
READS = f"text, a line each, {READS_COLUMNS}"  # the sentence of help texts and errors
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstandard"}
_KINDS = {
    ".jsonl": FileKind.JSON,
    ".ndjson": FileKind.JSON,
    ".json": FileKind.JSON,  # which is refused where it is one value over many lines
    ".csv": FileKind.CSV,
    ".tsv": FileKind.TSV,
    ".parquet": FileKind.PARQUET,
    ".arrow": FileKind.ARROW,
    ".feather": FileKind.ARROW,
}


@dataclass(frozen=True, slots=True)
class Format:
    """What a file holds, for messages: what it is, and either the ending that is its own or another way out."""

    what: str
    ending: str = ""
    way_out: str = ""


_SPREADSHEET = Format("a spreadsheet", way_out="Save it as CSV UTF-8, and name that file.")
_DOCUMENT = Format("a document", way_out="Write its text into a .txt file, a text a line, and name that file.")
_ARCHIVE = Format("an archive", way_out="Unpack it, and name a file of it.")
_NUMBERS = Format("numbers, not texts", way_out="Name the file of the texts.")
_DATABASE = Format("a database", way_out="Export its rows as CSV or JSONL, and name that file.")
_BINARY = Format("binary data, not text", way_out=f"Name a file that is one of: {READS}.")
_POINTER = Format("a pointer of Git LFS, not the file itself", way_out="Fetch the file with: git lfs pull")
_PAGE = Format("a web page, not the file itself", way_out="Download the file again; the address may ask for a log-in.")
_PLAIN = Format("text", way_out="Give its name the ending of what it holds: .txt, .jsonl, .csv or .tsv.")
_FOREIGN = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), _SPREADSHEET),
    **dict.fromkeys((".docx", ".doc", ".odt", ".pdf", ".rtf", ".epub"), _DOCUMENT),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".7z", ".rar", ".lz4", ".lzma", ".z", ".br"), _ARCHIVE),
    **dict.fromkeys((".npy", ".npz", ".pt", ".bin", ".safetensors", ".pkl", ".pickle"), _NUMBERS),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), _DATABASE),
}
_BZIP2 = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")  # a block, and the end of a file without any
_SIGNATURES = {
    b"PAR1": Format("a Parquet file", ".parquet"),
    b"ARROW1": Format("an Arrow file", ".arrow"),
    b"\xff\xff\xff\xff": Format("an Arrow file", ".arrow"),  # as a stream, as `datasets` keeps it
    b"\x1f\x8b": Format("gzip", ".gz"),
    **{b"BZh%d%s" % (level, start): Format("bzip2", ".bz2") for level in range(1, 10) for start in _BZIP2},
    b"\xfd7zXZ\0": Format("xz", ".xz"),
    b"\x28\xb5\x2f\xfd": Format("zstandard", ".zst"),
    b"PK\x03\x04": _ARCHIVE,
    b"%PDF-": _DOCUMENT,
    b"\xd0\xcf\x11\xe0": _SPREADSHEET,  # of Excel before 2007
    b"SQLite format 3\0": _DATABASE,
    b"\x93NUMPY": _NUMBERS,
    b"\x80\x04\x95": _NUMBERS,  # pickled
    b"\x80\x05\x95": _NUMBERS,
    b"\x89HDF\r\n": _NUMBERS,
    b"{\\rtf": _DOCUMENT,
    b"7z\xbc\xaf\x27\x1c": _ARCHIVE,
    b"Rar!\x1a\x07": _ARCHIVE,
    b"\x04\x22\x4d\x18": _ARCHIVE,  # lz4
    b"FEA1": Format("a Feather file of version 1", way_out="Write it again as Feather 2, Parquet or JSONL."),
    b"version https://git-lfs": _POINTER,
    **dict.fromkeys((b"<!DOCTYPE html", b"<!doctype html", b"<html", b"<HTML"), _PAGE),
    b"<?xml": Format("XML", way_out="Write its rows as JSONL; where it tells of an error, fetch the file again."),
}
_IN_ZIP = {b"xl/": _SPREADSHEET, b"word/": _DOCUMENT, b"spreadsheet": _SPREADSHEET, b"opendocument.text": _DOCUMENT}
_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_LONG_RUN = re.compile(rb"[\x80-\xff]{4}")  # beyond ASCII, as letters of Western languages do not follow one another
_OF_MACS = re.compile(rb"[a-z][\x81-\x84\x86-\x90\x98\x9a-\x9f]")  # letters there, rare signs in Windows-1252
_WIDE_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_TAR = slice(257, 262)  # bytes, where an archive that is not compressed says what it is


def compression_of(path: Path) -> str:
    """Return the ending of a compressed file, `.gz`; an empty text for a plain one."""
    ending = path.suffix.lower()
    return ending if ending in COMPRESSIONS else ""


def plain_name(path: Path) -> Path:
    """Return a path without the ending of its compression."""
    return path.with_suffix("") if compression_of(path) else path


def kind_of(path: Path) -> FileKind:
    """Return the kind of a file by its ending; any that is not known is text, which its first bytes must confirm.

    Raises:
        DataError: The ending is one of what holds no rows of text, such as `.xlsx`.
    """
    ending = plain_name(path).suffix.lower()
    if ending in _FOREIGN:
        raise _refusal(path, _FOREIGN[ending])
    kind = _KINDS.get(ending, FileKind.TEXT)
    if kind in (FileKind.PARQUET, FileKind.ARROW) and compression_of(path):
        raise DataError(f"{path}: {kind.value} files are compressed inside. Unpack it, and name what it unpacks to.")
    return kind


def has_columns(path: Path) -> bool:
    """Say whether a file has columns, by its ending; any other is text."""
    return kind_of(path) is not FileKind.TEXT


def check_text(path: Path, head: bytes) -> None:
    """Refuse a file whose first bytes are not those of lines of text in UTF-8.

    Args:
        path: The file.
        head: Its first bytes, unpacked.

    Raises:
        DataError: Says what they are, and what to do.
    """
    if b"\0" in head and _wide_of(head) and not _signed(head):
        raise not_utf8(head, f"{path}, line 1", 0 if head.startswith(tuple(_WIDE_MARKS)) else head.index(b"\0"))
    found = _signed(head) or (_BINARY if b"\0" in head else None)
    if found is not None:
        raise _refusal(path, found)
    if b"\r" in head.rstrip() and b"\n" not in head:
        raise DataError(
            f"{path}: its lines end as those of old Macs, so that all of it is one line. Write it with the ends of "
            r"Unix: tr '\r' '\n' < OLD > NEW"
        )


def check_signature(path: Path, head: bytes, ending: str) -> None:
    """Refuse a file that begins otherwise than those of its ending, `.gz` or `.parquet`; an empty one passes.

    Raises:
        DataError: Says what it holds, and what to do.
    """
    if head and not any(head.startswith(mark) and found.ending == ending for mark, found in _SIGNATURES.items()):
        raise _refusal(path, _signed(head) or (_BINARY if b"\0" in head else _PLAIN))


@dataclass(frozen=True, slots=True)
class OtherLines:
    """How many lines of a file are beyond ASCII: those that are UTF-8, and those that are not."""

    right: int = 0
    wrong: int = 0


def not_utf8(raw: bytes, location: str, position: int, lines: OtherLines | None = None) -> DataError:
    """Return the error for bytes that are not UTF-8, with what they look like.

    Args:
        raw: The bytes of a line.
        location: Of the line.
        position: Of the first byte that is wrong.
        lines: Those of the whole file; None: not known.
    """
    found = f"{location}: not UTF-8 (byte 0x{raw[position]:02x} at column {position + 1})."
    if lines is not None and lines.right >= max(1, lines.wrong) and not _SURROGATES.search(raw):
        others = f"{lines.wrong:,} lines, the others" if lines.wrong > 1 else "this line, all others"
        return DataError(
            f"{found} Mend {others} are UTF-8: iconv would spoil those. As Windows-1252 the line reads "
            f"{raw.decode('cp1252', errors='replace').strip()[:40]!r}."
        )
    name, encoding = _encoding_of(raw)
    program = "uconv" if encoding == "cesu-8" else "iconv"  # that of ICU alone knows it
    return DataError(
        f"{found} It looks like {name}: convert the file, for example: {program} -f {encoding} -t utf-8 OLD > NEW"
    )


def _encoding_of(raw: bytes) -> tuple[str, str]:
    """Guess an encoding that is not UTF-8, and what iconv calls it."""
    wide = _wide_of(raw)
    if wide:
        return wide[:6].upper(), wide
    if _SURROGATES.search(raw):
        return "UTF-8 whose signs beyond 65,535 are written as two halves (CESU-8), as by some databases", "cesu-8"
    high = sum(byte >= 0x80 for byte in raw)
    letters = sum(map(str.isalpha, raw.decode("ascii", errors="ignore")))
    if (high > letters and high > 3) or _LONG_RUN.search(raw):
        return "another script in an encoding of its own, such as windows-1251, gb18030 or shift_jis", "windows-1251"
    if len(_OF_MACS.findall(raw)) > sum(byte >= 0xC0 for byte in raw):
        return "an encoding of old Macs or of DOS", "macintosh"
    return ("Windows-1252", "windows-1252") if any(0x80 <= byte < 0xA0 for byte in raw) else ("Latin-1", "latin1")


def _wide_of(head: bytes) -> str:
    """Return the UTF-16 or UTF-32 that bytes look like: by a mark, or by zeros where English text has them."""
    marked = next((name for mark, name in _WIDE_MARKS.items() if head.startswith(mark)), "")
    if marked:
        return marked
    zeros = [head[first::4].count(0) / max(1, len(head[first::4])) for first in range(4)]
    if min(zeros[1:3]) > 0.7:
        return "utf-32be" if zeros[0] > 0.7 > zeros[3] else "utf-32le" if zeros[3] > 0.7 > zeros[0] else ""
    if min(zeros[0], zeros[2]) > 0.7 > max(zeros[1], zeros[3]):
        return "utf-16be"
    return "utf-16le" if min(zeros[1], zeros[3]) > 0.7 > max(zeros[0], zeros[2]) else ""


def _signed(head: bytes) -> Format | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip() or head  # pages may begin with blank lines
    found = next(
        (content for mark, content in _SIGNATURES.items() if head.startswith(mark) or text.startswith(mark)), None
    )
    if found is None and head[_TAR] == b"ustar":
        return _ARCHIVE
    if found is _ARCHIVE:
        return next((content for name, content in _IN_ZIP.items() if name in head), found)
    return found


def _refusal(path: Path, found: Format) -> DataError:
    ending = "".join(path.suffixes[-1:]) or "no ending"
    if found.ending in COMPRESSIONS:
        way_out = f"Add {found.ending} to its name" + (", in the place of that." if compression_of(path) else ".")
        if found.ending == compression_of(path):
            way_out = "It is compressed twice: unpack it once."
        return DataError(f"{path}: found bytes compressed by {found.what} under the ending '{ending}'. {way_out}")
    if found.ending:
        return DataError(
            f"{path}: found {found.what} under the ending '{ending}'. Rename it so that it ends in {found.ending}."
        )
    under = f" under the ending '{ending}'" if ending.lower() not in _FOREIGN else ""
    return DataError(f"{path}: found {found.what}{under}. {found.way_out}")
