"""The rows of a file whose rows lie in it one after another: found in one pass, then read where they are wanted."""

import logging
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from textcl.files.content import BEGINNING, Content, Offset, Span, open_content
from textcl.files.lines import EmptyFileError
from textcl.types.batches import IntArray
from textcl.types.text import Example, Source, SourceFile
from textcl.util.atomic import new_folder
from textcl.util.cache import cache_folder, file_key, fingerprint_of

LARGE = 16 << 20  # bytes; the pass over a smaller file is quicker than a look into the cache is worth
_LAYOUT = 1  # raise it when the same file would give another index
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstPass:
    """How sources are read through when they are opened. What is found is the same, however that is done."""

    workers: int = 1  # processes that share it; 1: this one alone
    is_shard: bool = False  # whether a file is one of many that are large together

    def is_large(self, size: int) -> bool:
        """Say whether what is found in a file of so many bytes is kept in the user's cache."""
        return self.is_shard or size > LARGE


_ALONE = FirstPass()
_FIRST_PASS = ContextVar("_FIRST_PASS", default=_ALONE)


def first_pass() -> FirstPass:
    """Return how sources are read through now."""
    return _FIRST_PASS.get()


@contextmanager
def passing(how: FirstPass) -> Iterator[None]:
    """Read the sources through in this way that are opened in the block."""
    before = _FIRST_PASS.set(how)
    try:
        yield
    finally:
        _FIRST_PASS.reset(before)


def source_files(source: Source) -> tuple[SourceFile, ...]:
    """Return the files that a source is made of; none where it is made of something else."""
    files: tuple[SourceFile, ...] = getattr(source, "files", ())
    return files


class RowFormat(Protocol):
    """How rows are found in a file and read. Its `repr` says all that it depends on."""

    @property
    def is_quoted(self) -> bool:
        """Whether a row may hold line breaks, between quotation marks."""
        ...

    def spans(self, content: Content, begin: Offset = BEGINNING) -> Iterator[Span]:
        """Find the rows from where one begins."""
        ...

    def example(self, row: int, raw: bytes, location: str) -> Example:
        """Read a row from its bytes; what follows them up to the next row is blank."""
        ...


@dataclass(frozen=True, slots=True)
class Index:
    """What the pass over a file finds."""

    starts: IntArray  # (N,) bytes
    numbers: IntArray  # (N,) lines
    fingerprint: str


class Noting(Protocol):
    """What looks at all rows on their way. `Any`: it adds up with its own kind."""

    def over(self, examples: Iterable[Example]) -> Iterable[Example]:
        """Hand on all rows."""
        ...

    def add(self, other: Any) -> None:
        """Count what another has counted."""
        ...

    def tell(self, named: object) -> None:
        """Say what was seen."""
        ...


class _Unseen:
    """Looks at nothing."""

    def over(self, examples: Iterable[Example]) -> Iterable[Example]:
        return examples

    def add(self, other: "_Unseen") -> None: ...

    def tell(self, named: object) -> None: ...


class FileRows:
    """Rows of a file as a source. Every row is checked when the file is opened; none is kept.

    For a file of more than 16 MB the locations of the rows are kept in the user's cache, so that it is read through
    only once, for as long as it is not changed, and mapped from there. Of a smaller one a row takes 16 bytes in memory.

    Args:
        path: The file, plain or compressed.
        form: How it is read.
        named: What messages call it before the number of a row; None: the path and `line`.
        noting: Makes what looks at all rows on their way when the file is opened.

    Raises:
        DataError: The file is missing or holds no row, or a row is faulty.
    """

    def __init__(
        self, path: str, form: RowFormat, named: str | None = None, noting: Callable[[], Noting] = _Unseen
    ) -> None:
        file = Path(path).expanduser()
        self._named = named or f"{file}, line"
        self._form = form
        self._content = open_content(file)
        self._index = _kept(self._content, form) or _found(self._content, form, self._named, noting)

    @property
    def fingerprint(self) -> str:
        """A digest of what is read."""
        return self._index.fingerprint

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The file that the rows are in."""
        return (SourceFile(str(self._content.path), len(self), self.fingerprint),)

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


def _found(content: Content, form: RowFormat, named: str, noting: Callable[[], Noting]) -> Index:
    """Read a file through: check its rows, digest them, and find where they stand."""
    is_large, notes = first_pass().is_large(content.size), noting()
    if first_pass().workers > 1 and content.size > LARGE:
        from textcl.data.sources.first_pass import indexed_by_workers  # which small files do without

        index = indexed_by_workers(content, form, named, noting, notes, first_pass().workers)
    else:
        index = _indexed(content, form, named, notes)
    notes.tell(content.path)
    if not len(index.starts):
        raise EmptyFileError(content.path)
    if is_large:
        _keep(index, _folder(content, form))
        return _kept(content, form) or index
    return index


def _indexed(content: Content, form: RowFormat, named: str, notes: Noting) -> Index:
    starts, numbers = array("q"), array("q")

    def examples() -> Iterator[Example]:
        for span in form.spans(content):
            yield form.example(len(starts), span.raw, f"{named} {span.number}")
            starts.append(span.start)
            numbers.append(span.number)

    fingerprint = fingerprint_of(notes.over(examples()))
    return Index(np.frombuffer(starts, dtype=np.int64), np.frombuffer(numbers, dtype=np.int64), fingerprint)


def _folder(content: Content, form: RowFormat) -> Path:
    return cache_folder("rows") / file_key(content.file, _LAYOUT, form)


def _kept(content: Content, form: RowFormat) -> Index | None:
    """Return the index that an earlier run made; None where there is none, or it is broken and must be made again."""
    if not first_pass().is_large(content.size):
        return None
    folder = _folder(content, form)
    try:
        # As plain arrays, of which a number is read faster than of a `memmap`; they stay mapped.
        starts = np.load(folder / "starts.npy", mmap_mode="r").view(np.ndarray)
        numbers = np.load(folder / "numbers.npy", mmap_mode="r").view(np.ndarray)
        return Index(starts, numbers, (folder / "fingerprint").read_text(encoding="ascii"))
    except (OSError, ValueError, EOFError):
        return None


def _keep(index: Index, folder: Path) -> None:
    try:
        with new_folder(folder) as temporary:
            np.save(temporary / "starts.npy", index.starts)
            np.save(temporary / "numbers.npy", index.numbers)
            (temporary / "fingerprint").write_text(index.fingerprint, encoding="ascii")
    except OSError as error:  # a home that is read-only or full: the file is only read through again next time
        _log.warning(
            "The locations of the rows are not kept: %s cannot be written (%s).", folder, error.strerror or error
        )
