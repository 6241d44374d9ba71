"""A set of labelled pairs in a suite."""

from typing import Literal

from textcl.evaluation.files import Files
from textcl.evaluation.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.section import Hub, Section


class PairsColumns(Section):
    """The columns of a set of labelled pairs; the label is 1 where both texts mean the same, else 0."""

    first: str = "sentence1"
    second: str = "sentence2"
    label: str = "label"


class PairsEntry(Section):
    """A set of labelled pairs."""

    kind: Literal["pairs"]
    name: str
    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: PairsColumns = PairsColumns()

    def task(self, files: Files) -> PairClassification:
        """Read the pairs."""
        first, second, label = self.columns.first, self.columns.second, self.columns.label
        rows = files.rows(self)
        return PairClassification(
            self.name, [LabelledPair(row.text(first), row.text(second), row.yes_or_no(label)) for row in rows]
        )
