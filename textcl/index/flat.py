"""Exact search by cosine, by matrix products over blocks of vectors."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import numpy as np

from textcl.atomic import new_folder
from textcl.errors import SearchError
from textcl.index.description import Description, read_description, write_description
from textcl.index.nearest import Nearest
from textcl.index.unit_vectors import check_dimension, check_k, unit_copy
from textcl.types import FloatArray, Hits, TrainingRows

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
        raise ValueError(f"{name} can not be set to {value}: exact search has nothing to set.")

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
        try:  # "c": torch warns of arrays that can not be written to
            vectors = np.load(folder / _FILE, mmap_mode="c")
        except (OSError, ValueError) as error:
            raise SearchError(f"{folder / _FILE} can not be read ({error}). Build the index again.") from error
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
