"""A set of queries with texts to be ordered, in a suite."""

from typing import Literal

from textcl.evaluation.files import Files
from textcl.evaluation.reranking import Candidates, Reranking
from textcl.evaluation.section import Hub, Section


class RerankingColumns(Section):
    """The columns of a reranking set, named as most such sets name them; the latter two hold lists of texts."""

    query: str = "query"
    positive: str = "positive"
    negative: str = "negative"


class RerankingEntry(Section):
    """A set of queries, each with its relevant and its other texts."""

    kind: Literal["reranking"]
    name: str
    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: RerankingColumns = RerankingColumns()

    def task(self, files: Files) -> Reranking:
        """Read the queries."""
        query, positive, negative = self.columns.query, self.columns.positive, self.columns.negative
        rows = files.rows(self)
        return Reranking(
            self.name, [Candidates(row.text(query), row.texts(positive), row.texts(negative)) for row in rows]
        )
