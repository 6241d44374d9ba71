"""Rows of a Parquet file as a source."""

from functools import partial
from pathlib import Path

from textcl.data.sources.arrow import ArrowRows, open_rows
from textcl.data.sources.columns import Columns, Named, columns_of, refuse_missing, tell_left_out
from textcl.data.sources.concatenation import open_shards
from textcl.data.sources.file_rows import source_files
from textcl.files.arrow import open_parquet, parquet_copy
from textcl.files.formats import FileKind
from textcl.files.rows import LOOKED_AT
from textcl.types.text import Example, SourceFile


def _open(path: str, columns: Columns, file: Path) -> ArrowRows:
    with open_parquet(file) as table:
        refuse_missing(columns, table.schema_arrow.names, str(file))
        first = next(table.iter_batches(LOOKED_AT, use_threads=False), None)
        tell_left_out(path, [] if first is None else first.to_pylist(), columns)
    return open_rows(file, parquet_copy(file, columns.names), columns)


class Parquet:
    """Rows of a Parquet file.

    Parquet cannot be read a row at a time: the columns that are named are unpacked once into the user's cache folder,
    and mapped into memory there. The file may be of any size.

    Args:
        path: The file; or a folder of shards, or a pattern of their names, as in `shards/train-*.parquet`.
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
            - {use: Parquet, path: triplets.parquet, anchor: query, positive: passage, negative: [wrong_1, wrong_2]}
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
        self._rows = open_shards(path, FileKind.PARQUET, partial(_open, path, columns))

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
