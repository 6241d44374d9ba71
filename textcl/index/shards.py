"""Vectors on their way into an index: files of a few thousand rows, each whole or not there, so that work can stop."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from textcl.atomic import new_file
from textcl.types import FloatArray


class Shards:
    """The vectors of `rows` documents, cut into files of some thousand rows.

    Args:
        folder: Where they lie.
        rows: N, over all shards.
        dimension: D.
        shard_rows: Rows of each shard but the last.
    """

    def __init__(self, folder: Path, rows: int, dimension: int, shard_rows: int) -> None:
        self._folder, self._rows, self._dimension, self._shard_rows = folder, rows, dimension, shard_rows

    def __len__(self) -> int:
        return -(-self._rows // self._shard_rows)

    def span(self, number: int) -> tuple[int, int]:
        """Return the first row of a shard and that behind its last."""
        start = number * self._shard_rows
        return start, min(start + self._shard_rows, self._rows)

    def missing(self, rank: int = 0, ranks: int = 1) -> list[int]:
        """Return the numbers of a rank's shards that are still to be written."""
        return [number for number in range(rank, len(self), ranks) if not self._file(number).exists()]

    def write(self, number: int, vectors: FloatArray) -> None:
        """Write a shard, which is there from then on."""
        start, stop = self.span(number)
        assert vectors.shape == (stop - start, self._dimension), "a shard holds the rows of its span"
        with new_file(self._file(number)) as temporary, temporary.open("wb") as file:
            np.save(file, vectors)

    def blocks(self) -> Iterator[FloatArray]:
        """Yield the vectors in order, a shard at a time."""
        for number in range(len(self)):
            yield np.load(self._file(number))

    def sample(self, rows: int, seed: int) -> FloatArray:
        """Return some rows drawn without return, in their order, (rows, D); all of them where there are no more."""
        drawn = sorted(random.Random(seed).sample(range(self._rows), min(rows, self._rows)))
        sample = np.empty((len(drawn), self._dimension), dtype=np.float32)
        positions = np.array(drawn, dtype=np.int64)
        for number in np.unique(positions // self._shard_rows).tolist():
            inside = positions // self._shard_rows == number
            sample[inside] = np.load(self._file(number))[positions[inside] - number * self._shard_rows]
        return sample

    def remove(self) -> None:
        """Delete all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06}.npy"
