"""The rows of a file whose rows lie in it one after another: found in one pass, then read where they are wanted."""

import logging
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from textcl.files.content import Content, Span, open_content
from textcl.files.lines import EmptyFileError
from textcl.types.batches import IntArray
from textcl.types.text import Example
from textcl.util.atomic import new_folder
from textcl.util.cache import cache_folder, file_key, fingerprint_of

LARGE = 16 << 20  # bytes; the pass over a smaller file is quicker than a look into the cache is worth
_LAYOUT = 1  # raise it when the same file would give another index
_log = logging.getLogger(__name__)


class RowFormat(Protocol):
    """How rows are found in a file and read. Its `repr` says all that it depends on."""

    def spans(self, content: Content) -> Iterator[Span]:
        """Find the rows."""
        ...

    def example(self, row: int, raw: bytes, location: str) -> Example:
        """Read a row from its bytes; what follows them up to the next row is blank."""
        ...


@dataclass(frozen=True, slots=True)
class _Index:
    starts: IntArray  # (N,) bytes
    numbers: IntArray  # (N,) lines
    fingerprint: str


Noting = Callable[[Iterable[Example], object], Iterable[Example]]  # of the rows of a path, which it hands on


def _unseen(examples: Iterable[Example], path: object) -> Iterable[Example]:
    return examples


class FileRows:
    """Rows of a file as a source. Every row is checked when the file is opened; none is kept.

    In memory a row takes 16 bytes. For a file of more than 16 MB the locations of the rows are kept in the user's
    cache, so that it is read through only once, for as long as it is not changed.

    Args:
        path: The file, plain or compressed.
        form: How it is read.
        named: What messages call it before the number of a row; None: the path and `line`.
        noted: Looks at all rows on their way when the file is opened.

    Raises:
        DataError: The file is missing or holds no row, or a row is faulty.
    """

    def __init__(self, path: str, form: RowFormat, named: str | None = None, noted: Noting = _unseen) -> None:
        file = Path(path).expanduser()
        self._named = named or f"{file}, line"
        self._form = form
        self._content = open_content(file)
        self._index = _kept(self._content, form) or _indexed(self._content, form, self._named, noted)

    @property
    def fingerprint(self) -> str:
        """A digest of what is read."""
        return self._index.fingerprint

    def __len__(self) -> int:
        return len(self._index.starts)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        return self._form.example(row, self.raw(row), self.location(row))

    def raw(self, row: int) -> bytes:
        """Return the bytes of a row, and what is blank behind it."""
        starts = self._index.starts
        end = int(starts[row + 1]) if row + 1 < len(starts) else self._content.size
        return self._content.read(int(starts[row]), end)

    def location(self, row: int) -> str:
        """Name the file and the line."""
        return f"{self._named} {self._index.numbers[row]}"


def _indexed(content: Content, form: RowFormat, named: str, noted: Noting) -> _Index:
    """Read a file through: check its rows, digest them, and note where they stand."""
    starts, numbers = array("q"), array("q")

    def examples() -> Iterator[Example]:
        for span in form.spans(content):
            yield form.example(len(starts), span.raw, f"{named} {span.number}")
            starts.append(span.start)
            numbers.append(span.number)

    fingerprint = fingerprint_of(noted(examples(), content.path))
    if not starts:
        raise EmptyFileError(content.path)
    index = _Index(np.frombuffer(starts, dtype=np.int64), np.frombuffer(numbers, dtype=np.int64), fingerprint)
    if content.size > LARGE:
        _keep(index, _folder(content, form))
    return index


def _folder(content: Content, form: RowFormat) -> Path:
    return cache_folder("rows") / file_key(content.file, _LAYOUT, form)


def _kept(content: Content, form: RowFormat) -> _Index | None:
    """Return the index that an earlier run made; None where there is none, or it is broken and must be made again."""
    if content.size <= LARGE:
        return None
    folder = _folder(content, form)
    try:
        starts = np.load(folder / "starts.npy", mmap_mode="r")
        numbers = np.load(folder / "numbers.npy", mmap_mode="r")
        return _Index(starts, numbers, (folder / "fingerprint").read_text(encoding="ascii"))
    except (OSError, ValueError, EOFError):
        return None


def _keep(index: _Index, folder: Path) -> None:
    try:
        with new_folder(folder) as temporary:
            np.save(temporary / "starts.npy", index.starts)
            np.save(temporary / "numbers.npy", index.numbers)
            (temporary / "fingerprint").write_text(index.fingerprint, encoding="ascii")
    except OSError as error:  # a home that is read-only or full: the file is only read through again next time
        _log.warning(
            "The locations of the rows are not kept: %s cannot be written (%s).", folder, error.strerror or error
        )
