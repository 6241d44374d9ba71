"""A text file as a source: a line is a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass

from textcl.data.content import Content
from textcl.data.file_rows import FileRows, Span
from textcl.decoding import decoded
from textcl.types import Example


class TextLines:
    """Sentences of a text file (UTF-8, `.gz` or plain), one a line; blank lines are no rows.

    The lines stay in the file, of any size; a `.gz` file is unpacked once into the user's cache folder.

    Args:
        path: The file.

    Raises:
        DataError: The file is missing, empty or not UTF-8.
    """

    def __init__(self, path: str) -> None:
        self._rows = FileRows(path, _Lines())

    @property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def place(self, row: int) -> str:
        """Name the file and the line."""
        return self._rows.place(row)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A line is a row."""

    def spans(self, content: Content) -> Iterator[Span]:
        return line_spans(content)

    def example(self, row: int, raw: bytes, place: str) -> Example:
        return Example(row, decoded(raw, place).strip())


def line_spans(content: Content) -> Iterator[Span]:
    """Yield the lines of a file that are not blank."""
    start = 0
    for number, raw in enumerate(content.lines(), start=1):
        if not _is_blank(raw):
            yield Span(number, start, raw)
        start += len(raw)


def _is_blank(raw: bytes) -> bool:
    return not raw.decode(errors="replace").removeprefix("\ufeff").strip()
