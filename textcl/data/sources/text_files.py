"""A text file as a source: a line is a sentence."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textcl.data.sources.concatenation import Concatenation, open_shards
from textcl.data.sources.file_rows import FileRows, source_files
from textcl.errors import DataError
from textcl.files.content import BEGINNING, Content, Offset, Span, line_spans
from textcl.files.formats import FileKind
from textcl.files.lines import EmptyFileError, decoded, reading, refuse_object
from textcl.types.text import Example, SourceFile
from textcl.util.cache import fingerprint_of


class TextLines:
    """Sentences of a text file (UTF-8, plain, `.gz`, `.bz2`, `.xz` or `.zst`), one a line; blank lines are no rows.

    The lines stay in the file, of any size; a compressed file is unpacked once into the user's cache folder.

    Args:
        path: The file; or a pattern of names, as in `shards/*.txt.gz`.

    Raises:
        DataError: The file is missing, empty or not UTF-8.

    Example:
        data:
          sources:
            - {use: TextLines, path: corpora/wiki.txt}
    """

    def __init__(self, path: str) -> None:
        names_one = "*" not in path and "://" not in path
        self._rows = _open(Path(path)) if names_one else open_shards(path, FileKind.TEXT, _open)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return self._rows.fingerprint

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are in."""
        return source_files(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the file and the line."""
        return self._rows.location(row)


def _open(file: Path) -> FileRows:
    return FileRows(str(file), _Lines())


@dataclass(frozen=True, slots=True)
class _Lines:
    """A line is a row."""

    is_quoted: ClassVar[bool] = False

    def spans(self, content: Content, begin: Offset = BEGINNING) -> Iterator[Span]:
        spans = line_spans(content, begin)
        for span in spans if begin == BEGINNING else ():
            location = f"{content.path}, line {span.number}"
            refuse_object(decoded(span.raw, location).strip(), location)
            yield span
            break
        yield from spans

    def example(self, row: int, raw: bytes, location: str) -> Example:
        return Example(row, decoded(raw, location).strip())


def files_of(path: str, pattern: str) -> list[Path]:
    """Return the files below a folder that match a pattern, sorted; hidden files and folders are left out.

    Args:
        path: The folder.
        pattern: As shells have it, from the folder on: `*.txt`, or `**/*.txt` for all folders in it too.

    Raises:
        DataError: There is no such folder, or no file matches.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "is a file; name the folder that it is in" if folder.is_file() else "there is no such folder"
        raise DataError(f"{folder}: {what}.")
    if Path(pattern).is_absolute() or not pattern:
        raise DataError(f"{folder}: the pattern {pattern!r} must count from the folder, as in '**/*.txt'.")
    files = [file for file in folder.glob(pattern) if file.is_file() and not _is_hidden(file, folder)]
    if not files:
        raise DataError(f"{folder}: no file matches '{pattern}'; {_endings(folder)}.")
    return sorted(files)


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _endings(folder: Path) -> str:
    counts = Counter(file.suffix or file.name for file in folder.rglob("*") if file.is_file())
    found = ", ".join(f"{count:,} of {ending}" for ending, count in counts.most_common(3))
    return f"there are files, most of them {found}" if found else "there are no files at all"


class FolderLines:
    """Sentences of all text files in a folder (UTF-8, plain or compressed), one a line; blank lines are no rows.

    The files follow each other by name. Their lines stay in them.

    Args:
        path: The folder.
        pattern: Which files, from the folder on; `**/` reaches into all folders in it.

    Raises:
        DataError: There is no such folder, no file matches, or one is empty or not UTF-8.

    Example:
        data:
          sources:
            - {use: FolderLines, path: corpora, pattern: "**/*.txt"}
    """

    def __init__(self, path: str, pattern: str = "**/*.txt") -> None:
        self._rows = Concatenation([TextLines(str(file)) for file in files_of(path, pattern)])

    @property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return self._rows.fingerprint

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the rows are in."""
        return source_files(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the file and the line."""
        return self._rows.location(row)


class FolderTexts:
    """Texts of a folder, one a file (UTF-8, plain, `.gz`, `.bz2`, `.xz` or `.zst`), in the order of their names.

    A text is read where it is wanted; `data.max_length` says how much of it training keeps.

    Args:
        path: The folder.
        pattern: Which files, from the folder on; `**/` reaches into all folders in it.

    Raises:
        DataError: There is no such folder, no file matches, or one is blank or not UTF-8.

    Example:
        data:
          sources:
            - {use: FolderTexts, path: corpora, pattern: "*.txt"}
    """

    def __init__(self, path: str, pattern: str = "**/*.txt") -> None:
        self._files = files_of(path, pattern)
        self._fingerprint = fingerprint_of(self[row] for row in range(len(self)))

    @property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return self._fingerprint

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        return Example(row, _text(self._files[row]))

    def location(self, row: int) -> str:
        """Name the file."""
        return str(self._files[row])


def _text(file: Path) -> str:
    with reading(file) as opened:
        text = decoded(opened.read(), str(file)).strip()
    if not text:
        raise EmptyFileError(file)
    return text
