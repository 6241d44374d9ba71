"""A Parquet file as a source; every column is named, none is guessed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from textcl.data.sources.arrow import arrow_copy, arrow_errors, open_rows
from textcl.data.sources.columns import Columns, Named, columns_of, refuse_missing
from textcl.files.lines import refuse_absence
from textcl.types.text import Example

_BATCH = 1000  # rows that are in memory at once while a file is unpacked


class Parquet:
    """Rows of a Parquet file.

    Parquet cannot be read a row at a time: the columns that are named are unpacked once into the user's cache folder,
    and mapped into memory there. The file may be of any size.

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

    Example:
        data:
          sources:
            - {use: Parquet, path: triplets.parquet, anchor: query, positive: passage, negative: [wrong_1, wrong_2]}
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
        self._rows = open_rows(file, _unpacked(file, columns), columns)

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


def _unpacked(file: Path, columns: Columns) -> Path:
    """Return an Arrow file with the columns that are read."""
    with arrow_errors(file), pq.ParquetFile(file, memory_map=True) as table:
        refuse_missing(columns, table.schema_arrow.names, str(file))
        schema = pa.schema([field for field in table.schema_arrow if field.name in columns.names])
        batches = table.iter_batches(_BATCH, columns=list(columns.names), use_threads=False)
        return arrow_copy(file, schema, (batch.select(schema.names) for batch in batches), columns.names)
