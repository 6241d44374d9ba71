"""Approximate search by cosine with the indexes of FAISS."""

from pathlib import Path
from typing import Any, Self

import numpy as np

from textcl.atomic import new_folder
from textcl.errors import SearchError
from textcl.index import faiss_parts
from textcl.index.description import Description, read_description, write_description
from textcl.index.faiss_factory import check_training, make
from textcl.index.faiss_files import faiss_errors, read_faiss, size_bytes, write_faiss
from textcl.index.faiss_threads import torch_threads
from textcl.index.unit_vectors import best_first, check_dimension, check_k, unit_copy
from textcl.types import FloatArray, Hits

_FILE = "index.faiss"


class FaissIndex:
    """An index of FAISS over unit-length copies of vectors, by inner product.

    On vectors of unit length the inner product orders as the distance does, so graphs (HNSW) work on it as they do on a
    metric. Scores of indexes that compress vectors (PQ, SQ8) are estimates of cosines. Graphs that several threads
    build differ from build to build; with one thread every kind is built alike each time.

    Args:
        dimension: Embedding width D.
        factory: FAISS's own name of it: `IVF1024,PQ48`.

    Raises:
        SearchError: FAISS can not build it.
    """

    def __init__(self, dimension: int, factory: str) -> None:
        check_dimension(dimension)
        self.dimension, self.factory = dimension, factory
        self._index: Any = make(factory, dimension)
        faiss_parts.use_defaults(self._index)
        self.training_rows = faiss_parts.training_rows(self._index)
        self._is_trained = self.training_rows.fewest == 0

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def settings(self) -> dict[str, int]:
        """`nprobe` of IVF, `efSearch` of HNSW, `k_factor` of an index that refines, with their values."""
        return faiss_parts.settings(self._index)

    @property
    def size_bytes(self) -> int:
        """What it takes on disk, counted by writing it to nowhere."""
        return size_bytes(self._index)

    def set(self, name: str, value: int) -> None:
        """Change one of `settings`."""
        faiss_parts.change(self._index, name, value)

    def train(self, vectors: FloatArray) -> None:
        """Learn centroids, ranges or rotations from vectors (N, D), once.

        Raises:
            SearchError: They are too few.
        """
        check_training(self._index, self.factory, len(vectors))
        with torch_threads(), faiss_errors(self.factory):
            self._index.train(unit_copy(vectors, self.dimension, "vectors"))
        self._is_trained = True

    def add(self, vectors: FloatArray) -> None:
        """Append vectors (N, D); their ids go on from those already there."""
        unit = unit_copy(vectors, self.dimension, "vectors")
        if not self._is_trained:
            raise SearchError(f"'{self.factory}' must learn before vectors are added; call train.")
        with torch_threads(), faiss_errors(self.factory):
            if not self._index.is_trained:  # a graph over whole vectors only says so
                self._index.train(unit)
            self._index.add(unit)

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return about the `k` nearest vectors of each query (Q, D), best first.

        Where fewer than `k` are found, the id is -1 and the score -inf.
        """
        check_k(k)
        unit = unit_copy(queries, self.dimension, "queries")
        if len(self) == 0:
            return best_first(np.empty((len(unit), 0), np.int64), np.empty((len(unit), 0), np.float32), k)
        with torch_threads(), faiss_errors(self.factory):
            scores, ids = self._index.search(unit, min(k, len(self)))
        return best_first(ids, scores, k)

    def save(self, folder: Path) -> None:
        """Write it as a folder, which appears whole or not at all."""
        with new_folder(folder) as new:
            write_faiss(self._index, new / _FILE)
            write_description(new, Description(self.factory, self.dimension, self.settings))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the folder of a saved index."""
        description = read_description(folder)
        index = cls(description.dimension, description.factory)
        index._index, index._is_trained = read_faiss(folder / _FILE), True
        for name, value in description.settings.items():
            index.set(name, value)
        return index
