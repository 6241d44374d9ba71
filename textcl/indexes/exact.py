"""Exact search by cosine, by matrix products over blocks of vectors."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from textcl.errors import SearchError
from textcl.indexes.common import Description, check_dimension, check_k, read_description, unit_copy, write_description
from textcl.types.batches import BoolArray, FloatArray, IntArray
from textcl.types.protocols import Hits, TrainingRows
from textcl.util.atomic import new_folder
from textcl.util.cosines import row_products

_FEW = 16  # queries; up to here the product is faster with the vectors first
_PAIRS = 256  # pairs of a query and a vector that are multiplied in float64 at once: they stay in the cache
_AT_ONCE = 1 << 20  # products that are looked through at once: where many vectors are equal, all of them are found


class Nearest:
    """The `k` nearest vectors so far of each query.

    A matrix product in float32 finds the candidates: all vectors whose score may still be among the best, whatever the
    rounding in the product. Their scores are then computed again in float64, each pair on its own, and rounded to
    float32. So hits and scores depend neither on the order of the product's sums nor on the queries beside a query,
    and of vectors with equal scores those with the smallest ids are kept.

    Args:
        queries: (Q, D) of unit length.
        k: Hits of each query.
    """

    def __init__(self, queries: FloatArray, k: int) -> None:
        self._queries = queries
        self._ids = np.full((len(queries), k), -1, dtype=np.int64)
        self._scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        self._products: Tensor | None = None  # (Q, n)
        # A sum of D products of numbers whose squares add up to 1 is off by at most D roundings, however it is summed.
        self._error = float((queries.shape[1] + 2) * np.finfo(np.float32).eps / 2)

    @property
    def hits(self) -> Hits:
        """The best so far, best first."""
        return Hits(ids=self._ids, scores=self._scores)

    def offer(self, block: FloatArray, first: int) -> None:
        """Keep those of a block of vectors that are nearer than the worst so far.

        Args:
            block: (n, D) of unit length.
            first: The id of its first row; blocks come in the order of their ids.
        """
        products = self._multiplied(torch.from_numpy(block))  # (Q, n)
        near = (products >= self._floor(products.numpy())[:, None]).numpy()  # (Q, n)
        for part in _parts(near):
            rows, columns = np.divmod(np.flatnonzero(near[part]), near.shape[1])
            rows += part.start
            self._keep(rows, columns + first, pair_cosines(self._queries, block, rows, columns))

    def _multiplied(self, block: Tensor) -> Tensor:
        """Multiply each query with each vector, (Q, n).

        One query goes twice: a matrix takes a third of a vector's time. The products of many queries stand where those
        of the block before stood: new memory for each block takes a quarter more time.
        """
        queries = torch.from_numpy(self._queries)
        if len(queries) <= _FEW:
            several = queries.repeat(2, 1) if len(queries) == 1 else queries
            return (block @ several.T).T[: len(queries)].contiguous()
        if self._products is None or self._products.shape[1] != len(block):
            self._products = queries.new_empty(len(queries), len(block))
        return torch.mm(queries, block.T, out=self._products)

    def _floor(self, products: FloatArray) -> Tensor:
        """Return for each query the product below which no vector can be among the best, (Q,)."""
        floor = self._scores[:, -1]
        position = products.shape[1] - self._scores.shape[1]
        if position >= 0 and np.isinf(floor).any():  # of a hundred hits faster than topk, which sorts
            kth = [np.partition(products[part], position, axis=1)[:, position] for part in _parts(products)]
            floor = np.maximum(floor, np.concatenate(kth))
        return torch.from_numpy(floor - 2 * self._error)

    def _keep(self, rows: IntArray, ids: IntArray, scores: FloatArray) -> None:
        """Merge pairs into the best so far."""
        changed, positions = np.unique(rows, return_inverse=True)
        kept, k = len(changed), self._ids.shape[1]
        positions = np.concatenate([np.repeat(np.arange(kept), k), positions])
        ids = np.concatenate([self._ids[changed].ravel(), ids])
        scores = np.concatenate([self._scores[changed].ravel(), scores])
        order = np.lexsort((-scores, positions))  # stable: of equal scores the one with the smaller id stays in front
        best = np.searchsorted(positions[order], np.arange(kept))[:, None] + np.arange(k)  # (kept, k)
        self._ids[changed] = ids[order][best]
        self._scores[changed] = scores[order][best]


def pair_cosines(queries: FloatArray, vectors: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """Return the cosine of each pair of a query and a vector, (pairs,).

    Each is summed in float64 on its own and rounded to float32, so it depends on nothing beside it.

    Args:
        queries: (Q, D) of unit length.
        vectors: (N, D) of unit length; may lie on disk.
        rows: The pairs' queries, (pairs,).
        columns: The pairs' vectors, (pairs,).
    """
    cosines = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        cosines[part] = row_products(queries[rows[part]], vectors[columns[part]])
    return cosines


def _parts(products: FloatArray | BoolArray) -> Iterator[slice]:
    """Yield slices of the rows of (Q, n) that hold no more than `_AT_ONCE` numbers, or a single row."""
    rows = max(1, _AT_ONCE // products.shape[1])
    for start in range(0, len(products), rows):
        yield slice(start, start + rows)


EXACT = "exact"
BLOCK = 16_384  # vectors that queries are compared with at once
QUERIES = 256  # queries at once
_FILE = "vectors.npy"


class FlatIndex:
    """Compares every query with every vector, so its hits are exact; of equal ones the smallest ids are kept.

    Vectors are scaled to unit length in a copy; a vector of zeros stays zero and has cosine 0 with everything. What is
    opened from a folder stays on disk, and is read block by block when it is searched.

    Args:
        dimension: Embedding width D.
    """

    factory = EXACT
    training_rows = TrainingRows()

    def __init__(self, dimension: int) -> None:
        check_dimension(dimension)
        self.dimension = dimension
        self._parts: list[FloatArray] = []  # (any, D) each, of unit length

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def settings(self) -> dict[str, int]:
        """Nothing: all vectors are always compared."""
        return {}

    @property
    def size_bytes(self) -> int:
        """What the vectors take on disk."""
        return 4 * self.dimension * len(self)

    def set(self, name: str, value: int) -> None:
        """Refuse: there is nothing to set."""
        raise ValueError(f"{name} cannot be set to {value}: exact search has nothing to set.")

    def train(self, vectors: FloatArray) -> None:
        """Do nothing: there is nothing to learn."""

    def add(self, vectors: FloatArray) -> None:
        """Append vectors (N, D); their ids go on from those already there."""
        added = unit_copy(vectors, self.dimension, "vectors")
        if self._parts and len(self._parts[-1]) + len(added) <= BLOCK:
            added = np.concatenate([self._parts.pop(), added])
        self._parts.append(added)

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return the `k` nearest vectors of each query (Q, D), best first.

        Where fewer than `k` are there, the id is -1 and the score -inf.
        """
        check_k(k)
        unit = unit_copy(queries, self.dimension, "queries")
        found = [self._nearest(unit[start : start + QUERIES], k) for start in range(0, max(1, len(unit)), QUERIES)]
        return Hits(ids=np.concatenate([h.ids for h in found]), scores=np.concatenate([h.scores for h in found]))

    def save(self, folder: Path) -> None:
        """Write the vectors as a folder, which appears whole or not at all."""
        _write(folder, self.dimension, len(self), self._blocks())

    @staticmethod
    def write(folder: Path, dimension: int, rows: int, blocks: Iterable[FloatArray]) -> None:
        """Write the folder of an index of these vectors without holding more than a block of them in memory.

        Args:
            folder: Appears whole or not at all.
            dimension: D.
            rows: N, over all blocks.
            blocks: (any, D) each.
        """
        _write(folder, dimension, rows, (unit_copy(block, dimension, "vectors") for block in blocks))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the folder of a saved index; the vectors stay on disk."""
        index = cls(read_description(folder).dimension)
        try:  # "c": torch warns of arrays that cannot be written to
            vectors = np.load(folder / _FILE, mmap_mode="c")
            if vectors.dtype != np.float32 or vectors.ndim != 2 or vectors.shape[1] != index.dimension:
                raise ValueError(
                    f"{vectors.dtype} of the shape {vectors.shape}, where its description says {index.dimension} "
                    "numbers a vector"
                )
        except (OSError, EOFError, ValueError) as error:
            raise SearchError(f"{folder / _FILE} cannot be read ({error}). Build the index again.") from error
        index._parts = [vectors] if len(vectors) else []
        return index

    def _nearest(self, queries: FloatArray, k: int) -> Hits:
        nearest, first = Nearest(queries, k), 0
        for block in self._blocks():
            nearest.offer(block, first)
            first += len(block)
        return nearest.hits

    def _blocks(self) -> Iterator[FloatArray]:
        for part in self._parts:
            for start in range(0, len(part), BLOCK):
                yield np.asarray(part[start : start + BLOCK])


def _write(folder: Path, dimension: int, rows: int, blocks: Iterable[FloatArray]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dimension)}
    with new_folder(folder) as new:
        with (new / _FILE).open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:
                block.astype("<f4", copy=False).tofile(file)
        write_description(new, Description(EXACT, dimension))
