"""Retrieval: does each query find its relevant documents among all documents?"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.ranking import KS, measure
from textcl.evaluation.searching import nearest_documents
from textcl.types import Embed


class Retrieval:
    """Exact search by cosine for every judged query, scored as trec_eval scores it.

    Queries are embedded as anchors, documents as positives. The mean runs over all queries with a relevant
    document; one that finds nothing counts 0.

    Args:
        name: The task's name in reports.
        corpus: Document id to text; what a benchmark gives as title and text is already joined.
        queries: Query id to text; queries that are not judged are left out.
        qrels: Query id to document id to grade. Above 0 is relevant; a relevant document that the corpus lacks still
            counts as one that should have been found.
        drops_self: Leave out the document that has the query's own id (ArguAna, Quora), after retrieving one more.
        ks: Cut-offs of the metrics, in documents; the search goes as deep as the largest.
    """

    def __init__(
        self,
        name: str,
        corpus: Mapping[str, str],
        queries: Mapping[str, str],
        qrels: Mapping[str, Mapping[str, int]],
        *,
        drops_self: bool,
        ks: Sequence[int] = KS,
    ) -> None:
        if not ks or min(ks) < 1:
            raise ValueError(f"ks is {list(ks)}; it takes one cut-off or more, each at least 1 document.")
        self.name = name
        self.corpus = dict(corpus)
        self.qrels = {query: dict(grades) for query, grades in qrels.items() if any(g > 0 for g in grades.values())}
        self.drops_self = drops_self
        self.ks = tuple(ks)
        if not self.corpus or not self.qrels:
            raise DataError(f"{name}: {len(self.corpus)} documents and {len(self.qrels)} queries with a relevant one.")
        for query in self.qrels:
            if query not in queries:
                raise DataError(f"{name}: query '{query}' is judged but is not among the {len(queries)} queries.")
        self.queries = {query: queries[query] for query in self.qrels}

    @classmethod
    def from_pairs(cls, name: str, pairs: Sequence[tuple[str, str]]) -> Self:
        """Return the task of finding each anchor's positive among all positives.

        Equal documents are one document and equal anchors one query, with all of their positives relevant.
        """
        documents = {text: f"d{number}" for number, text in enumerate(dict.fromkeys(second for _, second in pairs))}
        anchors = {text: f"q{number}" for number, text in enumerate(dict.fromkeys(first for first, _ in pairs))}
        qrels: dict[str, dict[str, int]] = {query: {} for query in anchors.values()}
        for number, (anchor, positive) in enumerate(pairs):
            if not anchor.strip() or not positive.strip():
                raise DataError(f"{name}: pair {number} has an empty text.")
            qrels[anchors[anchor]][documents[positive]] = 1
        corpus = {document: text for text, document in documents.items()}
        return cls(name, corpus, {query: text for text, query in anchors.items()}, qrels, drops_self=False)

    def run(self, embed: Embed) -> MeanSample:
        """Embed documents and queries, search, and score each query."""
        found = nearest_documents(self.corpus, self.queries, embed, max(self.ks) + self.drops_self)
        ranking = {query: self._kept(query, scores) for query, scores in zip(self.queries, found, strict=True)}
        per_query = measure(self.qrels, ranking, self.ks)
        return MeanSample({metric: np.array(values) for metric, values in per_query.items()})

    def _kept(self, query: str, found: dict[str, float]) -> dict[str, float]:
        """Drop the query's own document where the task wants it, and then all but the best of the search's depth."""
        kept = [(document, score) for document, score in found.items() if not (self.drops_self and document == query)]
        return dict(kept[: max(self.ks)])
