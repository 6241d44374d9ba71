"""Exact search by cosine with FAISS."""

import faiss
import numpy as np

from textcl.types import FloatArray, Hits


class FlatIndex:
    """Compares every query with every vector, so its hits are exact.

    Vectors are scaled to unit length in a copy; a vector of zeros stays zero and has cosine 0 with everything.

    Args:
        dimension: Embedding width D.
    """

    def __init__(self, dimension: int) -> None:
        if dimension < 1:
            raise ValueError(f"dimension is {dimension}; an embedding has at least one number.")
        self.dimension = dimension
        self._index = faiss.IndexFlatIP(dimension)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: FloatArray) -> None:
        """Append vectors (N, D); their ids go on from those already there."""
        self._index.add(self._unit_copy(vectors, "vectors"))

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return the `k` nearest vectors of each query (Q, D), best first.

        Where fewer than `k` are there, the id is -1 and the score -inf.
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one hit.")
        scores, ids = self._index.search(self._unit_copy(queries, "queries"), k)
        return Hits(ids=ids, scores=np.where(ids < 0, np.float32(-np.inf), scores))

    def _unit_copy(self, vectors: FloatArray, name: str) -> FloatArray:
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise ValueError(f"{name} have shape {vectors.shape}; this index takes (N, {self.dimension}).")
        copy = np.array(vectors, dtype=np.float32, order="C")
        finite = np.isfinite(copy).all(axis=1)
        if not finite.all():
            raise ValueError(f"{name} hold NaN or infinity, first in row {int(np.argmin(finite))}.")
        lengths = np.sqrt(np.einsum("nd,nd->n", copy, copy, dtype=np.float64))  # (N,)
        lengths[lengths == 0] = 1.0
        copy /= lengths[:, None].astype(np.float32)
        return copy
