"""A JSONL file of pairs, triplets or graded pairs as a source; every column is named, none is guessed."""

import json
from array import array
from functools import cached_property
from pathlib import Path

from textcl.data.columns import Columns, shown
from textcl.data.fingerprint import fingerprint_of
from textcl.data.lines import read_lines
from textcl.errors import DataError
from textcl.types import Example


class JsonLines:
    """Rows of a JSONL file (UTF-8, `.gz` or plain), one object a line; blank lines are no rows.

    A positive or negative is a text or a list of texts. A column that is named must be in every line; a column
    that is null is not read, so a triplet file trains as pairs until `negative` is given.

    Args:
        path: The file.
        anchor: The column of anchors.
        positive: The column of positives; null: the views are made from the anchor.
        negative: The column of hard negatives; null: none.
        score: The column of graded similarities, numbers; null: none.
        label: The column of class labels, whole numbers or names; null: none.

    Raises:
        DataError: The file is missing, empty, not UTF-8 or not JSONL, or a line lacks what a column needs.
    """

    def __init__(
        self,
        path: str,
        anchor: str = "anchor",
        positive: str | None = "positive",
        negative: str | None = None,
        score: str | None = None,
        label: str | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        columns = Columns(anchor, positive, negative, score, label)
        self._examples: list[Example] = []
        self._numbers = array("q")
        for number, line in read_lines(self.path):
            place = f"{self.path}, line {number}"
            self._examples.append(columns.example(len(self._examples), _record(line, place), place))
            self._numbers.append(number)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return fingerprint_of(self._examples)

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, row: int) -> Example:
        return self._examples[row]

    def place(self, row: int) -> str:
        """Name the file and the line."""
        return f"{self.path}, line {self._numbers[row]}"


def _record(line: str, place: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as fault:
        raise DataError(f"{place}: not JSON ({fault}). Each line must be one JSON object.") from fault
    if not isinstance(record, dict):
        raise DataError(f'{place}: found {shown(record)}, not an object such as {{"anchor": "…", "positive": "…"}}.')
    return record
