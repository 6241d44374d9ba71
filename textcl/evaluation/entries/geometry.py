"""A set of pairs, or of texts, in a suite, whose geometry is measured."""

from typing import Literal

from textcl.evaluation.files import Files
from textcl.evaluation.geometry import Geometry
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
    graded: Graded | None = (
        None  # pairs have a grade, and both sides of all are texts to measure; null: all are positive
    )

    def task(self, files: Files) -> Geometry:
        """Read pairs and texts."""
        columns = self.columns
        pairs, texts = [], []
        for row in files.rows(self):
            if columns.text in row.fields:
                texts.append(row.text(columns.text))
                continue
            pair = (row.text(columns.first), row.text(columns.second))
            if self.graded is not None:
                texts.extend(pair)
            if self.graded is None or row.number(self.graded.column) >= self.graded.least:
                pairs.append(pair)
        return Geometry(self.name, pairs, texts)
