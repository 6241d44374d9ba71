"""Exact search for the retrieval task, with an order that does not hang on rounding or on how a corpus is sorted.

Equal texts are searched as one, so their scores are equal to the last bit, and equal scores are ordered by document id,
descending, as trec_eval orders them, also where a ranking is cut.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from textcl.index import FlatIndex
from textcl.types import Embed, FloatArray, Role


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
    asked = embed(list(queries.values()), Role.ANCHOR)  # (queries, D)
    documents = list(holders.values())
    for ids, scores in _complete_hits(vectors, asked, depth):
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
