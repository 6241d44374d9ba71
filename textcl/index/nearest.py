"""The exact best hits of some queries, kept up to date while blocks of vectors pass by."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from textcl.types import BoolArray, FloatArray, Hits, IntArray

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
        place = products.shape[1] - self._scores.shape[1]
        if place >= 0 and np.isinf(floor).any():  # of a hundred hits faster than topk, which sorts
            kth = [np.partition(products[part], place, axis=1)[:, place] for part in _parts(products)]
            floor = np.maximum(floor, np.concatenate(kth))
        return torch.from_numpy(floor - 2 * self._error)

    def _keep(self, rows: IntArray, ids: IntArray, scores: FloatArray) -> None:
        """Merge pairs into the best so far."""
        changed, places = np.unique(rows, return_inverse=True)
        kept, k = len(changed), self._ids.shape[1]
        places = np.concatenate([np.repeat(np.arange(kept), k), places])
        ids = np.concatenate([self._ids[changed].ravel(), ids])
        scores = np.concatenate([self._scores[changed].ravel(), scores])
        order = np.lexsort((-scores, places))  # stable: of equal scores the one with the smaller id stays in front
        best = np.searchsorted(places[order], np.arange(kept))[:, None] + np.arange(k)  # (kept, k)
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
        left, right = queries[rows[part]].astype(np.float64), vectors[columns[part]].astype(np.float64)
        cosines[part] = np.einsum("pd,pd->p", left, right)
    return cosines


def _parts(products: FloatArray | BoolArray) -> Iterator[slice]:
    """Yield slices of the rows of (Q, n) that hold no more than `_AT_ONCE` numbers, or a single row."""
    rows = max(1, _AT_ONCE // products.shape[1])
    for start in range(0, len(products), rows):
        yield slice(start, start + rows)
