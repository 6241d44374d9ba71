"""Rows of Arrow files as a source: mapped into memory, where their batches lie on disk until a row is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textcl.data.sources.columns import Columns, Named, Notes, columns_of, refuse_missing, tell_left_out
from textcl.data.sources.concatenation import open_shards
from textcl.data.sources.file_rows import LARGE, first_pass, source_files
from textcl.files.arrow import arrow_errors, mappable, mapped
from textcl.files.content import refuse_changed, state_of
from textcl.files.formats import FileKind
from textcl.files.lines import EmptyFileError
from textcl.types.text import Example, SourceFile
from textcl.util.cache import file_key, fingerprint_of, kept_finding


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Rows of a mappable Arrow file as a source. It holds no map, so any process may be given a copy."""

    path: Path  # as the user names it
    file: Path  # what is mapped: the same, or a copy in the cache folder
    changed: int  # when, nanoseconds
    original: tuple[int, int]  # bytes of `path`, and when it was changed
    columns: Columns
    fingerprint: str

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The file that the rows are in."""
        return (SourceFile(str(self.path), len(self), self.fingerprint),)

    def __len__(self) -> int:
        return mapped(self.file, self.changed).rows

    def __getitem__(self, row: int) -> Example:
        refuse_changed(self.path, self.original)
        row = range(len(self))[row]
        record = mapped(self.file, self.changed).record(row, self.columns.names)
        return self.columns.example(row, record, self.location(row))

    def location(self, row: int) -> str:
        """Name the file and the row; the first is 1."""
        return _location(self.path, range(len(self))[row])


def open_rows(path: Path, file: Path, columns: Columns) -> ArrowRows:
    """Open a mappable Arrow file and check every row of it; a large one is checked only once while it is unchanged.

    Args:
        path: As the user names it.
        file: What is mapped.
        columns: Those that are read.

    Raises:
        DataError: A column is missing, there are no rows, or one is faulty.
    """
    status = file.stat()
    found = mapped(file, status.st_mtime_ns)
    refuse_missing(columns, found.names, str(path))
    if not found.rows:
        raise EmptyFileError(path)
    key = file_key(file, path, columns) if first_pass().is_large(status.st_size) else None
    examples = partial(_examples, path, file, status.st_mtime_ns, columns)
    fingerprint = kept_finding(key, lambda: _fingerprint(path, examples, found.rows, status.st_size))
    return ArrowRows(path, file, status.st_mtime_ns, state_of(path), columns, fingerprint)


def _fingerprint(path: Path, examples: Callable[[range], Iterator[Example]], rows: int, size: int) -> str:
    """Check all rows of a file of so many bytes, and digest them."""
    notes = Notes()
    if first_pass().workers > 1 and size > LARGE:
        from textcl.data.sources.first_pass import fingerprint_by_workers  # which small files do without

        found = fingerprint_by_workers(examples, rows, size, notes, first_pass().workers)
    else:
        found = fingerprint_of(notes.over(examples(range(rows))))
    notes.tell(path)
    return found


def _examples(path: Path, file: Path, changed: int, columns: Columns, rows: range) -> Iterator[Example]:
    with arrow_errors(path):
        for row, record in enumerate(mapped(file, changed).records(columns.names, rows), start=rows.start):
            yield columns.example(row, record, _location(path, row))


def _location(path: Path, row: int) -> str:
    return f"{path}, row {row + 1}"


def _open(path: str, columns: Columns, file: Path) -> ArrowRows:
    rows = open_rows(file, mappable(file), columns)
    tell_left_out(path, mapped(rows.file, rows.changed).records(None), columns)
    return rows


class Arrow:
    """Rows of an Arrow file: Feather (version 2), or what `datasets` keeps as `.arrow`.

    The file is mapped into memory, of any size; one that is compressed is unpacked once into the user's cache folder.

    Args:
        path: The file; or a folder of shards, as `save_to_disk` of `datasets` writes it, or a pattern of their names.
        anchor: The column of anchors.
        positive: The column of positives, texts or lists of them, or several columns; null: the views are made from
            the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; or the scores of each text, positives first, in a list or in
            several columns: [positive_score, scores]; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, broken or without rows, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice.

    Example:
        data:
          sources:
            - {use: Arrow, path: pairs.arrow, anchor: question, positive: answer}
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: Named = None,
        label: str | None = None,
    ) -> None:
        columns = columns_of(anchor, positive, negative, score, label)
        self._rows = open_shards(path, FileKind.ARROW, partial(_open, path, columns))

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
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
        """Name the file and the row."""
        return self._rows.location(row)
