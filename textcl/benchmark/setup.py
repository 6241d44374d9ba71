"""What all indexes of one benchmark are measured on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from textcl.types import FloatArray, Hits, IntArray

_BLOCK = 16_384  # vectors read at once


@dataclass(frozen=True, slots=True)
class Setup:
    """Vectors on disk, queries, and what exact search finds for them."""

    vectors: Path  # .npy, (N, D) float32
    queries: FloatArray  # (Q, D)
    own: IntArray  # (Q,) the row that is the query itself, which does not count as found; -1: none
    k: int
    queries_per_call: int  # where many are asked at once
    seconds: float = 2.0  # spent on timing one way of searching, and again for many queries a call
    nearest: IntArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))  # (Q, k) by exact search
    judged: Mapping[int, Mapping[int, int]] = field(default_factory=dict)  # query to row to grade; may be empty

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        rows, dimension = np.load(self.vectors, mmap_mode="r").shape
        return rows, dimension

    def blocks(self, dimension: int) -> Iterator[FloatArray]:
        """Yield the first `dimension` numbers of the vectors, block by block."""
        vectors = np.load(self.vectors, mmap_mode="r")
        for start in range(0, len(vectors), _BLOCK):
            yield np.ascontiguousarray(vectors[start : start + _BLOCK, :dimension])

    def sample(self, rows: int, dimension: int, seed: int) -> FloatArray:
        """Return the first `dimension` numbers of some vectors (any, D), for an index to learn from."""
        vectors = np.load(self.vectors, mmap_mode="r")
        count = min(rows, len(vectors))
        chosen = np.sort(np.random.default_rng(seed).choice(len(vectors), count, replace=False))
        return np.ascontiguousarray(vectors[chosen, :dimension])


def without_own(hits: Hits, own: IntArray, k: int) -> IntArray:
    """Return the best `k` ids of each query without the query's own row, (Q, k); of k + 1 hits k are left."""
    order = np.argsort(hits.ids == own[:, None], axis=1, kind="stable")[:, :k]
    return np.take_along_axis(hits.ids, order, axis=1)
