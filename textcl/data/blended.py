"""An order in which rows of several sources stand side by side, in every batch as in the whole."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from textcl.data.mixing import apportioned, interleaved
from textcl.data.order import Drawn
from textcl.seeds import derive
from textcl.types import IntArray


class Blended:
    """The rows of several sources, end to end one source, drawn by shares.

    An epoch has as many rows as the sources together. A source goes on where the epoch before stopped, and begins a
    new permutation when it is through: small ones are repeated within an epoch, large ones take several. Where a
    source begins anew within a batch, a row may stand in it twice; being the same text, it is no negative of itself.

    Args:
        sizes: Rows of each source.
        shares: Of each source, together 1.
        batch_rows: Rows of a batch, which no source must have to fill by repeats.
        seed: The seed of the run's data.

    Raises:
        ValueError: A source would get no row of an epoch, or more rows of a batch than it has.
    """

    def __init__(self, sizes: Sequence[int], shares: Sequence[float], batch_rows: int, seed: int) -> None:
        self._sizes, self._seed = tuple(sizes), seed
        self._starts = (0, *accumulate(sizes))
        self._counts = apportioned(sum(sizes), shares)
        self._owners = interleaved(self._counts)
        for number, (size, count) in enumerate(zip(sizes, self._counts, strict=True)):
            if count == 0:
                raise ValueError(
                    f"source {number} would get no row of the {sum(sizes):,} of an epoch; give it a larger weight."
                )
            if count * batch_rows > size * sum(sizes):
                raise ValueError(
                    f"source {number} has {size:,} rows, but its share of a batch is "
                    f"{count * batch_rows / sum(sizes):.1f}; give it a smaller weight, or make batches smaller."
                )

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rows, passes = np.empty_like(self._owners), np.empty_like(self._owners)
        for number in range(len(self._sizes)):
            own = self._owners == number
            rows[own], passes[own] = self._stretch(number, epoch)
        return Drawn(rows, passes)

    def _stretch(self, number: int, epoch: int) -> tuple[IntArray, IntArray]:
        """Return what a source gives to an epoch: rows and passes."""
        size, count = self._sizes[number], self._counts[number]
        places = np.arange(epoch * count, (epoch + 1) * count)
        passes = places // size
        orders = {int(turn): self._permutation(number, int(turn)) for turn in np.unique(passes)}
        rows = np.concatenate([orders[turn][places[passes == turn] % size] for turn in orders])
        return rows + self._starts[number], passes

    def _permutation(self, number: int, turn: int) -> IntArray:
        return np.random.default_rng(derive(self._seed, "order", number, turn)).permutation(self._sizes[number])
