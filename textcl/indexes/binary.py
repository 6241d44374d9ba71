"""Search over one bit a number, the sign, with FAISS's binary indexes; vectors may rank the best of it again."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from textcl.errors import SearchError
from textcl.indexes import faiss_parts
from textcl.indexes.common import (
    Description,
    best_first,
    check_dimension,
    check_k,
    read_description,
    unit_copy,
    write_description,
)
from textcl.indexes.faiss_index import check_training, make, make_binary, torch_threads
from textcl.indexes.faiss_parts import faiss_errors, read_faiss, size_bytes, write_faiss
from textcl.types.batches import FloatArray, IntArray
from textcl.types.protocols import Hits, TrainingRows
from textcl.util.atomic import new_folder
from textcl.util.cosines import row_products

_BITS, _VECTORS = "bits.faiss", "vectors.faiss"
_STORES = {"RFlat": "Flat", "Refine(SQ8)": "SQ8"}  # the second part of a factory string → what keeps the vectors
_OVERSAMPLING = 8  # candidates by bits for each hit, where vectors are there to choose among them


class BinaryIndex:
    """Keeps the signs of vectors, a 32nd of their size, and compares them by the number of bits that differ.

    Without vectors to score again the scores are the cosines of the sign vectors. With `RFlat` (float32) or
    `Refine(SQ8)` (a byte a number) the best by bits, `k_factor` times as many as asked for, are ranked by cosine.

    Args:
        dimension: Embedding width D.
        factory: FAISS's own name of the binary index, and what refines it: `BFlat`, `BIVF1024,RFlat`,
            `BHNSW32,Refine(SQ8)`.

    Raises:
        SearchError: FAISS cannot build it.
    """

    def __init__(self, dimension: int, factory: str) -> None:
        check_dimension(dimension)
        self.dimension, self.factory = dimension, factory
        kind, comma, refinement = factory.partition(",")
        if comma and refinement not in _STORES:
            raise SearchError(f"'{factory}': a binary index is refined by {' or '.join(_STORES)}, not '{refinement}'.")
        self._bits: Any = make_binary(kind, 8 * -(-dimension // 8))  # a byte that is not full is filled with zeros
        faiss_parts.use_defaults(self._bits)
        self._vectors: Any = make(_STORES[refinement], dimension) if comma else None
        self._k_factor = _OVERSAMPLING if comma else 1
        learned = faiss_parts.training_rows(self._bits)
        self.training_rows = _more(learned, faiss_parts.training_rows(self._vectors)) if comma else learned
        self._is_trained = self.training_rows.fewest == 0

    def __len__(self) -> int:
        return int(self._bits.ntotal)

    @property
    def settings(self) -> dict[str, int]:
        """`nprobe` of BIVF, `efSearch` of BHNSW, `k_factor` where vectors refine, with their values."""
        refining = {} if self._vectors is None else {"k_factor": self._k_factor}
        return faiss_parts.settings(self._bits) | refining

    @property
    def size_bytes(self) -> int:
        """What it takes on disk, counted by writing it to nowhere."""
        return size_bytes(self._bits) + (0 if self._vectors is None else size_bytes(self._vectors))

    def set(self, name: str, value: int) -> None:
        """Change one of `settings`."""
        if name == "k_factor" and self._vectors is not None:
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1.")
            self._k_factor = value
        else:
            faiss_parts.change(self._bits, name, value)

    def train(self, vectors: FloatArray) -> None:
        """Learn the cells of BIVF, and the ranges of SQ8, from vectors (N, D), once.

        Raises:
            SearchError: They are too few.
        """
        unit = unit_copy(vectors, self.dimension, "vectors")
        check_training(self._bits, self.factory, len(unit))
        with torch_threads(), faiss_errors(self.factory):
            self._bits.train(_signs(unit))
            if self._vectors is not None:
                check_training(self._vectors, self.factory, len(unit))
                self._vectors.train(unit)
        self._is_trained = True

    def add(self, vectors: FloatArray) -> None:
        """Append vectors (N, D); their ids go on from those already there."""
        unit = unit_copy(vectors, self.dimension, "vectors")
        if not self._is_trained:
            raise SearchError(f"'{self.factory}' must learn before vectors are added; call train.")
        with torch_threads(), faiss_errors(self.factory):
            self._bits.add(_signs(unit))
            if self._vectors is not None:
                self._vectors.add(unit)

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return about the `k` nearest vectors of each query (Q, D), best first.

        Where fewer than `k` are found, the id is -1 and the score -inf.
        """
        check_k(k)
        unit = unit_copy(queries, self.dimension, "queries")
        if len(self) == 0:
            return best_first(np.empty((len(unit), 0), np.int64), np.empty((len(unit), 0), np.float32), k)
        with torch_threads(), faiss_errors(self.factory):
            differing, ids = self._bits.search(_signs(unit), min(k * self._k_factor, len(self)))
            if self._vectors is not None:
                return best_first(ids, self._cosines(unit, ids), k)
        return best_first(ids, (1 - 2 * differing / self.dimension).astype(np.float32), k)

    def save(self, folder: Path) -> None:
        """Write it as a folder, which appears whole or not at all."""
        with new_folder(folder) as new:
            write_faiss(self._bits, new / _BITS)
            if self._vectors is not None:
                write_faiss(self._vectors, new / _VECTORS)
            write_description(new, Description(self.factory, self.dimension, self.settings))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the folder of a saved index."""
        description = read_description(folder)
        index = cls(description.dimension, description.factory)
        index._bits, index._is_trained = read_faiss(folder / _BITS, binary=True), True
        if index._vectors is not None:
            index._vectors = read_faiss(folder / _VECTORS)
        for name, value in description.settings.items():
            index.set(name, value)
        return index

    def _cosines(self, unit: FloatArray, ids: IntArray) -> FloatArray:
        """Return the scores of candidates from the vectors that were kept, (Q, candidates)."""
        scores = np.empty(ids.shape, dtype=np.float32)
        for row, query in enumerate(unit):
            candidates = self._vectors.reconstruct_batch(np.maximum(ids[row], 0))  # (candidates, D)
            scores[row] = row_products(candidates, query)
        return scores


def _signs(unit: FloatArray) -> NDArray[np.uint8]:
    """Return one bit a number, set where it is positive, (N, bytes)."""
    return np.packbits(unit > 0, axis=1)


def _more(one: TrainingRows, other: TrainingRows) -> TrainingRows:
    return TrainingRows(max(one.fewest, other.fewest), max(one.usual, other.usual))
