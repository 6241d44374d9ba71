"""A set of labelled texts in a suite, to be clustered."""

from typing import Literal

from textcl.evaluation.clustering import Clustering
from textcl.evaluation.entries.labels import LabelColumns, labelled
from textcl.evaluation.files import Files
from textcl.evaluation.section import Hub, Section


class ClusteringEntry(Section):
    """A set of labelled texts, a row a text."""

    kind: Literal["clustering"]
    name: str
    bundled: str | None = None  # a file beside the suite file; neither Hub nor data folder is then asked
    local: str | None = None  # a file, below the data folder
    hub: Hub | None = None
    columns: LabelColumns = LabelColumns()

    def task(self, files: Files) -> Clustering:
        """Read the texts."""
        return Clustering(self.name, labelled(files.rows(self), self.columns))
