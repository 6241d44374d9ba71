"""An Arrow file as a source; every column is named, none is guessed."""

from pathlib import Path

from textcl.data.arrow_map import mappable
from textcl.data.arrow_rows import open_rows
from textcl.data.columns import Named, columns_of
from textcl.data.lines import refuse_absence
from textcl.types import Example


class Arrow:
    """Rows of an Arrow file: Feather (version 2), or what `datasets` keeps as `.arrow`.

    The file is mapped into memory, of any size; one that is compressed is unpacked once into the user's cache folder.

    Args:
        path: The file.
        anchor: The column of anchors.
        positive: The column of positives, texts or lists of them, or several columns; null: the views are made from
            the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, broken or without rows, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice.
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: str | None = None,
        label: str | None = None,
    ) -> None:
        columns = columns_of(anchor, positive, negative, score, label)
        file = Path(path).expanduser()
        refuse_absence(file)
        self._rows = open_rows(file, mappable(file), columns)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def place(self, row: int) -> str:
        """Name the file and the row."""
        return self._rows.place(row)
