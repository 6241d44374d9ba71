"""A set of pairs, or of texts, in a suite, whose geometry is measured."""

from typing import Literal

from textcl.evaluation.files import Files
from textcl.evaluation.geometry import Geometry
from textcl.evaluation.rows import ColumnError, Row
from textcl.evaluation.section import Hub, Section


class GeometryColumns(Section):
    """The columns of a set of texts or pairs: a row without `text` is a pair."""

    text: str = "text"
    first: str = "anchor"
    second: str = "positive"


class Graded(Section):
    """Which of graded pairs are positive."""

    column: str = "score"
    least: float  # the score from which on a pair is positive


class GeometryEntry(Section):
    """A set of pairs, of texts, or of both."""

    kind: Literal["geometry"]
    name: str
    bundled: str | None = None  # a file beside the suite file; neither Hub nor data folder is then asked
    local: str | None = None  # a file, below the data folder
    hub: Hub | None = None
    columns: GeometryColumns = GeometryColumns()
    graded: Graded | None = None  # null: all pairs are positive; else both sides of all are texts to measure

    def task(self, files: Files) -> Geometry:
        """Read pairs and texts."""
        pairs, texts = [], []
        for row in files.rows(self):
            if self.columns.text in row.fields:
                texts.append(row.text(self.columns.text))
                continue
            pair = self._pair(row)
            if self.graded is not None:
                texts.extend(pair)
            if self.graded is None or row.number(self.graded.column) >= self.graded.least:
                pairs.append(pair)
        return Geometry(self.name, pairs, texts)

    def _pair(self, row: Row) -> tuple[str, str]:
        text, first, second = self.columns.text, self.columns.first, self.columns.second
        if first not in row.fields:
            raise ColumnError(
                f"{row.place}: no column '{text}' for a text, nor '{first}' for the first of a pair; there are "
                f"{', '.join(map(str, row.fields))}.",
                text,
            )
        return row.text(first), row.text(second)
