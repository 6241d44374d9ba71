"""A set of translations in a suite."""

from typing import Literal

from textcl.evaluation.bitext import Bitext
from textcl.evaluation.files import Files
from textcl.evaluation.section import Hub, Section


class BitextColumns(Section):
    """The columns of a set of translations."""

    first: str = "sentence1"
    second: str = "sentence2"


class BitextEntry(Section):
    """A set of sentences with their translations."""

    kind: Literal["bitext"]
    name: str
    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: BitextColumns = BitextColumns()

    def task(self, files: Files) -> Bitext:
        """Read the pairs."""
        rows = files.rows(self)
        return Bitext(self.name, [(row.text(self.columns.first), row.text(self.columns.second)) for row in rows])
