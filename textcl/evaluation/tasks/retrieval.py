"""Retrieval: does exact search by cosine find the documents that were judged relevant to a query?

The order of what is found does not depend on rounding or on how a corpus is sorted: equal texts are searched as one, so
their scores are equal to the last bit, and equal scores are ordered by document id, descending, as trec_eval orders
them, also where a ranking is cut.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, Metric, TaskEntry, hub_rows
from textcl.evaluation.ranking_metrics import DETAILS, KS, measure
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.task import PositivePair, TextPair
from textcl.files.beir import (
    UNREAD,
    documents,
    judgement_rows,
    judgements,
    qrels_file,
    queries,
    refuse_blank,
    refuse_grade,
    refuse_strangers,
    two_spellings,
)
from textcl.files.rows import Row, file_rows
from textcl.files.values import checked_text, refuse_unwritable
from textcl.indexes.exact import FlatIndex
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role

Ranking = Mapping[str, Mapping[str, float]]  # query id -> document id -> cosine, best first
RankingObserver = Callable[[str, Ranking], None]


@contextmanager
def observed_rankings(observer: RankingObserver) -> Iterator[None]:
    """Hand the name and the ranking of every retrieval task that runs within a block to a function."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def _nobody(task: str, ranking: Ranking) -> None: ...


_observer: ContextVar[RankingObserver] = ContextVar("ranking observer", default=_nobody)


def nearest_documents(
    corpus: Mapping[str, str], queries: Mapping[str, str], embed: Embed, depth: int
) -> Iterator[dict[str, float]]:
    """Yield for each query its best documents by cosine, id to score, best first.

    Args:
        corpus: Document id to text, embedded as positives.
        queries: Query id to text, embedded as anchors.
        embed: The model.
        depth: Documents of each ranking; fewer where the corpus has fewer.
    """
    holders: dict[str, list[str]] = {}  # text -> ids of the documents that hold it
    for document, text in corpus.items():
        holders.setdefault(text, []).append(document)
    vectors = embed(list(holders), Role.POSITIVE)  # (texts, D)
    query_vectors = embed(list(queries.values()), Role.ANCHOR)  # (queries, D)
    documents = list(holders.values())
    for ids, scores in _complete_hits(vectors, query_vectors, depth):
        found = [(score, name) for i, score in zip(ids, scores, strict=True) if i >= 0 for name in documents[i]]
        yield {name: score for score, name in sorted(found, reverse=True)[:depth]}


def _complete_hits(vectors: FloatArray, queries: FloatArray, depth: int) -> Iterator[tuple[list[int], list[float]]]:
    """Yield for each query the ids and scores of `depth` vectors or more: if the last has equals, all of them."""
    index = FlatIndex(vectors.shape[1])
    index.add(vectors)
    hits = index.search(queries, depth + 1)
    cut_in_a_tie = (hits.ids[:, -1] >= 0) & (hits.scores[:, -1] == hits.scores[:, depth - 1])
    for row, tie in enumerate(cut_in_a_tie):
        ids, scores = hits.ids[row], hits.scores[row]
        if tie:
            whole = index.search(queries[row : row + 1], len(index))
            kept = whole.scores[0] >= np.sort(whole.scores[0])[-depth]
            ids, scores = whole.ids[0, kept], whole.scores[0, kept]
        yield ids.tolist(), scores.tolist()


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
        self.queries = {query: _query(name, query, queries) for query in self.qrels}
        _check_judgements(name, self.qrels, self.corpus)

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
        _observer.get()(self.name, ranking)
        per_query = measure(self.qrels, ranking, self.ks)
        return MeanSample({metric: np.array(values) for metric, values in per_query.items()})

    def positives(self) -> list[PositivePair]:
        """Return each query with each relevant document that the corpus holds."""
        roles = (Role.ANCHOR, Role.POSITIVE)
        return [
            PositivePair(self.queries[query], self.corpus[document], roles)
            for query, grades in self.qrels.items()
            for document, grade in grades.items()
            if grade > 0 and document in self.corpus
        ]

    def compared(self) -> list[TextPair]:
        """Return the same pairs, without grades."""
        return [TextPair(pair.first, pair.second, None) for pair in self.positives()]

    def _kept(self, query: str, found: dict[str, float]) -> dict[str, float]:
        """Drop the query's own document where the task wants it, and then all but the best of the search's depth."""
        kept = [(document, score) for document, score in found.items() if not (self.drops_self and document == query)]
        return dict(kept[: max(self.ks)])


def _query(name: str, query: str, queries: Mapping[str, str]) -> str:
    """Return the text of a judged query."""
    if query not in queries:
        raise DataError(
            f"{name}: query '{query}' is judged but is not among the {len(queries)} queries. "
            f"{two_spellings(query, 'The judgements', queries, 'the file of queries')}"
        )
    return checked_text(queries[query], f"{name}, query '{query}'")


def _check_judgements(name: str, qrels: Mapping[str, Mapping[str, int]], corpus: Mapping[str, str]) -> None:
    """Refuse grades without bounds, judgements of another corpus, and documents that are no texts."""
    for query, grades in qrels.items():
        for document, grade in grades.items():
            refuse_grade(grade, f"{name}, query '{query}', document '{document}'")
    refuse_strangers(qrels, corpus, name)
    for document, text in corpus.items():
        if not isinstance(text, str):
            raise DataError(f"{name}, document '{document}': found {text!r}; it should be a text.")
        refuse_unwritable(text, f"{name}, document '{document}'")
    refuse_blank(sum(not text.strip() for text in corpus.values()), len(corpus), name)


_Parts = tuple[Iterator[Row], Iterator[Row], Iterator[Row]]  # corpus, queries, qrels


class RetrievalEntry(TaskEntry):
    """A set in BEIR layout: corpus, queries and qrels."""

    bundled: str | None = None  # a folder beside the suite file
    local: str | None = None  # a folder, below the data folder; or a file of judgements in it
    hub: Hub | None = None  # configs `corpus`, `queries` and `default`; config and split are those of the judgements
    texts_split: str | None = None  # split of the configs `corpus` and `queries`; None: it has the config's name
    drops_self: bool = False
    ks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = KS  # cut-offs, in documents

    def task(self, files: Files) -> Retrieval:
        """Read the three parts."""
        location = files.location(self)
        parts = _local_parts(location) if isinstance(location, Path) else _hub_parts(location, self.texts_split)
        corpus, texts, qrels = documents(parts[0]), queries(parts[1]), judgements(parts[2])
        return Retrieval(self.name, corpus, texts, qrels, drops_self=self.drops_self, ks=self.ks)


def _local_parts(path: Path) -> _Parts:
    """Open a folder in BEIR layout; BEIR itself keeps the judgements of a split in a folder `qrels`."""
    folder, qrels = path, path
    if path.is_file():
        folder = path.parent.parent if path.parent.name == "qrels" else path.parent
    elif path.is_dir():
        qrels = _split(path)
    else:
        raise DataError(
            f"There is no folder {path}. A retrieval set is a folder with corpus.jsonl, queries.jsonl and qrels.tsv "
            "(or qrels/test.tsv), plain or .gz."
        )
    corpus, texts = folder / "corpus.jsonl", folder / "queries.jsonl"
    return file_rows(corpus, UNREAD), file_rows(texts, UNREAD), judgement_rows(qrels)


def _split(folder: Path) -> Path:
    try:
        return qrels_file(folder, "qrels.tsv", "qrels/test.tsv")
    except DataError as error:
        raise DataError(f"{error} A user's set names one as retrieval:{folder}/qrels/dev.tsv.") from error


def _hub_parts(hub: Hub, texts_split: str | None) -> _Parts:
    return (
        hub_rows(hub.id, hub.revision, texts_split or "corpus", "corpus"),
        hub_rows(hub.id, hub.revision, texts_split or "queries", "queries"),
        hub_rows(hub.id, hub.revision, hub.split, hub.config or "default"),
    )


KIND = Kind(
    name="retrieval",
    entry=RetrievalEntry,
    takes={"local": "FOLDER"},
    samples=(MeanSample,),
    hub_type="information-retrieval",
    hub_metrics=("ndcg", "map@", "mrr", "recall", "precision", "hit_rate"),
    metrics={name: Metric(is_detail=True) for name in DETAILS},
)
