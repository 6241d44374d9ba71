"""Reranking: do a query's relevant texts come before the others of a short list?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, SuiteSection, TaskEntry
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.task import TextPair
from textcl.evaluation.thresholds import Thresholds
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role
from textcl.util.cosines import row_cosines

_DEPTH = 10  # texts that the reciprocal rank looks at


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query, and the texts to be ordered for it."""

    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]


class Reranking:
    """MAP and MRR@10 of each query's own list, ordered by cosine.

    Queries are embedded as anchors, the texts as positives. Equal cosines never help a model: the average precision of
    texts that share a cosine is that after the last of them (as in scikit-learn), and the reciprocal rank puts the
    negatives among them first. A model that gives all texts one vector so ends at the bottom.

    Args:
        name: The task's name in reports.
        queries: One without a positive, or without a negative, has no order to get right and is left out.
    """

    def __init__(self, name: str, queries: Sequence[Candidates]) -> None:
        self.name = name
        self.queries = tuple(query for query in queries if query.positives and query.negatives)
        if not self.queries:
            raise DataError(f"{name}: none of {len(queries)} queries has both a positive and a negative.")

    def run(self, embed: Embed) -> MeanSample:
        """Embed each distinct text once and score each query."""
        queries = list(dict.fromkeys(query.query for query in self.queries))
        texts = list(dict.fromkeys(text for query in self.queries for text in (*query.positives, *query.negatives)))
        anchors = dict(zip(queries, embed(queries, Role.ANCHOR), strict=True))  # text -> (D,)
        candidates = dict(zip(texts, embed(texts, Role.POSITIVE), strict=True))
        scores = [_score(query, _cosines(query, anchors[query.query], candidates)) for query in self.queries]
        average_precision, reciprocal_rank = np.array(scores).T
        return MeanSample({"map": average_precision, f"mrr@{_DEPTH}": reciprocal_rank})

    def compared(self) -> list[TextPair]:
        """Return each query with each of its positives."""
        return [TextPair(query.query, text, None) for query in self.queries for text in query.positives]


def _cosines(query: Candidates, anchor: FloatArray, candidates: Mapping[str, FloatArray]) -> dict[str, float]:
    """Return the cosine of each distinct text with the query; 0 where a vector is zero."""
    texts = list(dict.fromkeys((*query.positives, *query.negatives)))
    vectors = np.stack([candidates[text] for text in texts])
    return dict(zip(texts, row_cosines(vectors, anchor).tolist(), strict=True))


def _score(query: Candidates, cosines: Mapping[str, float]) -> tuple[float, float]:
    """Return the average precision and the reciprocal rank of one query."""
    positives, negatives = ([cosines[text] for text in texts] for texts in (query.positives, query.negatives))
    hits = np.arange(len(positives) + len(negatives)) < len(positives)
    cuts = Thresholds.of(np.array(positives + negatives), hits, np.ones((1, len(hits))))
    best = max(positives)
    rank = 1 + sum(negative >= best for negative in negatives)
    average_precision = cuts.average_precision(np.array([len(positives)], dtype=np.float64))
    return float(average_precision[0]), 1 / rank if rank <= _DEPTH else 0.0


class RerankingColumns(SuiteSection):
    """The columns of a reranking set, named as most such sets name them; the latter two hold lists of texts."""

    query: str = "query"
    positive: str = "positive"
    negative: str = "negative"


class RerankingEntry(TaskEntry):
    """A set of queries, each with its relevant and its other texts."""

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


KIND = Kind(
    name="reranking",
    entry=RerankingEntry,
    takes={"local": "FILE"},
    samples=(MeanSample,),
    hub_type="reranking",
    hub_metrics=("map",),
)
