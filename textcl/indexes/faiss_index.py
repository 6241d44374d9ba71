"""Approximate search by cosine with the indexes of FAISS."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import torch

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
from textcl.indexes.faiss_parts import (
    ROWS_PER_CENTROID,
    centroids,
    faiss_errors,
    parts,
    read_faiss,
    reason_of,
    size_bytes,
    training_rows,
    write_faiss,
)
from textcl.types.batches import FloatArray
from textcl.types.protocols import Hits
from textcl.util.atomic import new_folder

_EXAMPLES = "Flat, IVF1024,Flat, IVF1024,PQ48, OPQ48,IVF1024,PQ48, HNSW32, SQ8, SQfp16, PQ48, IVF1024,PQ48,RFlat"
_BINARY_EXAMPLES = "BFlat, BIVF1024, BHNSW32"


def make(factory: str, dimension: int) -> Any:
    """Build the FAISS index that a factory string names, for inner products of vectors of unit length.

    Raises:
        SearchError: FAISS cannot read the string, or not build it for vectors of this width.
    """
    if "IDMap" in factory:
        raise SearchError(f"'{factory}': ids are positions here, so an IDMap has nothing to map. Leave it out.")
    if "NSG" in factory:
        raise SearchError(f"'{factory}': an NSG graph cannot grow block by block. HNSW32 is a graph that can.")
    index = _built(lambda: faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT), factory, dimension)
    if any(part.metric_type != faiss.METRIC_INNER_PRODUCT for part in parts(index)):
        raise SearchError(f"'{factory}' does not rank by inner products, and so not by cosines.")
    return index


def make_binary(factory: str, bits: int) -> Any:
    """Build the FAISS index over bits that a factory string names.

    Raises:
        SearchError: FAISS cannot read the string, or not build it.
    """
    return _built(lambda: faiss.index_binary_factory(bits, factory), factory, bits)


def check_training(index: Any, factory: str, rows: int) -> None:
    """Refuse to train on too few vectors.

    Raises:
        SearchError: Says how many there are, how many are wanted, and which index would learn from so few.
    """
    fewest, learned = training_rows(index).fewest, centroids(index)
    if rows >= fewest:
        return
    if not learned:
        raise SearchError(f"'{factory}' learns from at least {fewest:,} vectors; there are {rows:,}. {_way_out(rows)}")
    raise SearchError(
        f"'{factory}' learns {learned:,} centroids, each from {ROWS_PER_CENTROID} vectors or more: {fewest:,} in all; "
        f"there are {rows:,}. {_way_out(rows)}"
    )


def _way_out(rows: int) -> str:
    """Name what learns from so few vectors."""
    cells = 2 ** ((rows // ROWS_PER_CENTROID).bit_length() - 1) if rows >= ROWS_PER_CENTROID else 0
    ivf = f"IVF{cells} is the most cells for so many. " if cells > 1 else ""
    codes = "PQ…x4 learns 16 centroids. " if rows >= 16 * ROWS_PER_CENTROID else ""
    return f"{ivf}{codes}HNSW32, SQfp16 and exact learn nothing."


def _built(build: Callable[[], Any], factory: str, dimension: int) -> Any:
    binary = factory.startswith("B")
    kind, examples = ("bits", _BINARY_EXAMPLES) if binary else ("numbers", _EXAMPLES)
    try:
        index = build()
    except (RuntimeError, MemoryError) as error:
        raise SearchError(
            f"'{factory}' is no index that FAISS can build for vectors of {dimension} {kind} ({reason_of(error)}). "
            f"Such are {examples}."
        ) from None
    if any(getattr(part, "nlist", 1) < 1 for part in parts(index)):
        raise SearchError(f"'{factory}' has no cell; an IVF index has at least one, such as IVF1024,Flat.")
    return index


@contextmanager
def torch_threads() -> Iterator[None]:
    """Let FAISS use as many threads as torch does inside the block, and as many as before after it."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(torch.get_num_threads())
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


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
        SearchError: FAISS cannot build it.
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
