"""The text files of a folder as a source: a line is a sentence."""

from textcl.data.concatenation import Concatenation
from textcl.data.folder import files_of
from textcl.data.text_lines import TextLines
from textcl.types import Example


class FolderLines:
    """Sentences of all text files in a folder (UTF-8, `.gz` or plain), one a line; blank lines are no rows.

    The files follow each other by name. Their lines stay in them.

    Args:
        path: The folder.
        pattern: Which files, from the folder on; `**/` reaches into all folders in it.

    Raises:
        DataError: There is no such folder, no file matches, or one is empty or not UTF-8.
    """

    def __init__(self, path: str, pattern: str = "**/*.txt") -> None:
        self._rows = Concatenation([TextLines(str(file)) for file in files_of(path, pattern)])

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
