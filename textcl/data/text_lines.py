"""A text file as a source: a line is a sentence."""

from array import array
from functools import cached_property
from pathlib import Path

from textcl.data.fingerprint import fingerprint_of
from textcl.data.lines import read_lines
from textcl.types import Example


class TextLines:
    """Sentences of a text file (UTF-8, `.gz` or plain), one a line; blank lines are no rows.

    The lines stay in memory: a million sentences take about 200 MB.

    Args:
        path: The file.

    Raises:
        DataError: The file is missing, empty or not UTF-8.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser()
        self._lines: list[str] = []
        self._numbers = array("q")
        for number, line in read_lines(self.path):
            self._lines.append(line)
            self._numbers.append(number)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return fingerprint_of(self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        return Example(row=row, anchor=self._lines[row])

    def place(self, row: int) -> str:
        """Name the file and the line."""
        return f"{self.path}, line {self._numbers[row]}"
