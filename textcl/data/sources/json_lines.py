"""A JSONL file of pairs, triplets or graded pairs as a source; every column is named, none is guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textcl.data.sources.columns import Columns, Named, Notes, columns_of, tell_left_out_of_file
from textcl.data.sources.concatenation import open_shards
from textcl.data.sources.file_rows import FileRows, source_files
from textcl.files.content import BEGINNING, Content, Offset, Span, line_spans
from textcl.files.formats import FileKind
from textcl.files.json_lines import json_record
from textcl.files.lines import decoded
from textcl.types.text import Example, SourceFile


class JsonLines:
    """Rows of a JSONL file (UTF-8, plain, `.gz`, `.bz2`, `.xz` or `.zst`), one object a line; blank lines are no rows.

    A positive or negative is a text or a list of texts, of any length. A column that is named must be in every line; a
    column that is null is not read, so a triplet file trains as pairs until `negative` is given. The rows stay in the
    file, of any size; a compressed file is unpacked once into the user's cache folder.

    Args:
        path: The file; or a folder of shards, or a pattern of their names, as in `shards/*.jsonl.gz`.
        anchor: The column of anchors.
        positive: The column of positives, or several; null: the views are made from the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; or the scores of each text, positives first, in a list or in
            several columns: [positive_score, scores]; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, empty, not UTF-8 or not JSONL, or a line lacks what a column needs.
        ValueError: A column of texts is named twice.

    Example:
        data:
          sources:
            - {use: JsonLines, path: faq.jsonl, anchor: question, positive: answer}
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
        form = JsonRows(columns_of(anchor, positive, negative, score, label))
        self._rows = open_shards(path, FileKind.JSON, partial(_open, path, form))

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
        """Name the file and the line."""
        return self._rows.location(row)


def _open(path: str, form: "JsonRows", file: Path) -> FileRows:
    rows = FileRows(str(file), form, noting=Notes)
    tell_left_out_of_file(path, rows, form)
    return rows


@dataclass(frozen=True, slots=True)
class JsonRows:
    """A line is a JSON object with named columns."""

    columns: Columns

    is_quoted: ClassVar[bool] = False

    def spans(self, content: Content, begin: Offset = BEGINNING) -> Iterator[Span]:
        """Find the lines."""
        return line_spans(content, begin)

    def example(self, row: int, raw: bytes, location: str) -> Example:
        """Read a line."""
        return self.columns.example(row, self.record(raw, location), location)

    def record(self, raw: bytes, location: str) -> dict[str, object]:
        """Return the object of a line."""
        return json_record(decoded(raw, location), location)
