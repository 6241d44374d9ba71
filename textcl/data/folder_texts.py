"""The text files of a folder as a source: a file is a text."""

from pathlib import Path

from textcl.data.fingerprint import fingerprint_of
from textcl.data.folder import files_of
from textcl.data.lines import reading
from textcl.decoding import decoded
from textcl.errors import DataError
from textcl.types import Example


class FolderTexts:
    """Texts of a folder, one a file (UTF-8, `.gz` or plain), in the order of their names.

    A text is read where it is wanted; `data.max_length` says how much of it training keeps.

    Args:
        path: The folder.
        pattern: Which files, from the folder on; `**/` reaches into all folders in it.

    Raises:
        DataError: There is no such folder, no file matches, or one is blank or not UTF-8.
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

    def place(self, row: int) -> str:
        """Name the file."""
        return str(self._files[row])


def _text(file: Path) -> str:
    with reading(file) as opened:
        text = decoded(opened.read(), str(file)).strip()
    if not text:
        raise DataError(f"{file}: the file holds no text; fill it, or take it out of the folder.")
    return text
