"""A table of comma-separated values as a source; every column is named, none is guessed."""

from textcl.data.columns import Named, columns_of
from textcl.data.table_rows import open_table
from textcl.table_text import Dialect
from textcl.types import Example


class CSV:
    """Rows of a CSV file (UTF-8, `.gz` or plain), whose first line names the columns.

    A field in quotation marks may hold commas and line breaks. Where several columns are named for positives or
    negatives, some of them may be empty in a row. The rows stay in the file, of any size; a `.gz` file is unpacked once
    into the user's cache folder.

    Args:
        path: The file.
        anchor: The column of anchors.
        positive: The column of positives, or several; null: the views are made from the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; null: none.
        label: The column of class labels, whole numbers or names; null: none.
        delimiter: What stands between fields, one sign: ";" where a comma marks the decimals.

    Raises:
        DataError: The file is missing, empty or not UTF-8, a column is missing, or a row is faulty.
        ValueError: A column of texts is named twice, or the delimiter is not one sign.
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: str | None = None,
        label: str | None = None,
        delimiter: str = ",",
    ) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError(f"delimiter must be one sign such as ',' or ';', found {delimiter!r}.")
        columns = columns_of(anchor, positive, negative, score, label)
        self._rows = open_table(path, Dialect(delimiter, is_quoted=True), columns)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def place(self, row: int) -> str:
        """Name the file and the line on which the row begins."""
        return self._rows.place(row)
