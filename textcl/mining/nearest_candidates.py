"""The nearest candidates of some queries: exact, or by an index of FAISS where there is too much to compare."""

import numpy as np

from textcl.index import build_index
from textcl.index.flat import BLOCK, EXACT
from textcl.index.nearest import Nearest, pair_cosines
from textcl.seeds import derive
from textcl.types import FloatArray, Hits, Index, IntArray

AUTO = "auto"
MOST_COMPARISONS = 10**11  # of a query with a candidate: beyond it exact search takes hours, and FAISS looks into cells
_CELLS = 4  # times the root of the number of candidates, the power of two nearest to it


def usual_factory(queries: int, candidates: int) -> str:
    """Return the index for so many texts: exact up to `MOST_COMPARISONS`, then cells of whole vectors (IVF)."""
    if queries * candidates <= MOST_COMPARISONS:
        return EXACT
    return f"IVF{2 ** round(np.log2(_CELLS * np.sqrt(candidates)))},Flat"


class NearestCandidates:
    """Finds the nearest candidates; the scores are cosines computed in float64, whatever the index estimates.

    Args:
        vectors: Of the candidates, (N, D) of unit length; may lie on disk.
        factory: `exact`, which reads the vectors where they lie, or a string of FAISS, whose index is in memory.
        seed: Decides what an index learns from.
    """

    def __init__(self, vectors: FloatArray, factory: str, seed: int) -> None:
        self._vectors = vectors
        self._index = None if factory == EXACT else _built(vectors, factory, seed)

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return the `k` nearest candidates of each query (q, D), best first; -1 where fewer are found."""
        if self._index is None:
            nearest = Nearest(queries, k)
            for start in range(0, len(self._vectors), BLOCK):
                nearest.offer(self._vectors[start : start + BLOCK], start)
            return nearest.hits
        ids = self._index.search(queries, k).ids
        scores = cosines(queries, self._vectors, ids)
        order = np.lexsort((ids, -scores), axis=1)
        return Hits(np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1))


def cosines(queries: FloatArray, vectors: FloatArray, ids: IntArray) -> FloatArray:
    """Return the cosine of each query (q, D) with vectors (N, D) by their numbers (q, k); -inf where that is -1."""
    scores = np.full(ids.size, -np.inf, dtype=np.float32)
    there = np.flatnonzero(ids.ravel() >= 0)
    scores[there] = pair_cosines(queries, vectors, there // max(1, ids.shape[1]), ids.ravel()[there])
    return scores.reshape(ids.shape)


def _built(vectors: FloatArray, factory: str, seed: int) -> Index:
    index = build_index(factory, vectors.shape[1])
    if index.training_rows.fewest:
        rows = min(len(vectors), index.training_rows.usual)
        drawn = np.random.default_rng(derive(seed, "index")).choice(len(vectors), rows, replace=False)
        index.train(np.asarray(vectors[np.sort(drawn)]))
    for start in range(0, len(vectors), BLOCK):
        index.add(np.asarray(vectors[start : start + BLOCK]))
    return index
