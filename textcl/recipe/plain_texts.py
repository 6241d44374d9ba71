"""The texts of a file, one by one, whatever kind of file it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.data.lines import read_lines
from textcl.errors import DataError, suggestion
from textcl.evaluation.local import file_rows, has_columns
from textcl.evaluation.rows import ColumnError, Row

USUAL_COLUMN = "text"


@dataclass(frozen=True, slots=True)
class PlainTexts:
    """Where texts are: JSONL, CSV or TSV with a column of them, or a text file with one a line; plain or gzipped.

    Args:
        path: The file.
        column: Of JSONL, CSV and TSV; None: `text`.
    """

    path: Path
    column: str | None = None

    def __iter__(self) -> Iterator[str]:
        """Yield the texts in their order, without white space around them; blank ones are passed over.

        Raises:
            DataError: The file can not be read or holds no row, or a row lacks the column or holds no text in it; says
                where.
        """
        path = self.path.expanduser()
        if has_columns(path):
            row = None
            for row in file_rows(path):
                text = self._text(row)
                if text:
                    yield text
            if row is None:
                raise DataError(f"{path}: it holds no row.")
            return
        if self.column is not None:
            raise DataError(f"{path} is read as text, a line each, and has no columns; leave --text-column out.")
        for _, text in read_lines(path):
            yield text

    def _text(self, row: Row) -> str:
        column = self.column or USUAL_COLUMN
        try:
            text = row.words(column)
        except ColumnError as error:
            hint = suggestion(error.column, map(str, row.fields))
            raise DataError(f"{error}{hint} Name the column of texts with --text-column.") from error
        value = row.fields[column]
        if value is not None and not isinstance(value, str):
            raise DataError(f"{row.place}: '{column}' is {value!r}; it must be a text.")
        try:
            text.encode()
        except UnicodeEncodeError as fault:
            raise DataError(f"{row.place}: '{column}' holds half a surrogate pair; write UTF-8.") from fault
        return text
