"""An order in which rows of several sources stand side by side, in every batch as in the whole."""

from collections.abc import Mapping, Sequence
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
        sizes: Rows of each source, by its name.
        shares: Of each source, together 1.
        batch_rows: Rows of a batch, which no source must have to fill by repeats.
        seed: The seed of the run's data.

    Raises:
        ValueError: A source would get no row of an epoch, or more rows of a batch than it has.
    """

    def __init__(self, sizes: Mapping[str, int], shares: Sequence[float], batch_rows: int, seed: int) -> None:
        self._sizes, self._seed = tuple(sizes.values()), seed
        self._starts = (0, *accumulate(self._sizes))
        self._counts = apportioned(self._starts[-1], shares)
        self._owners = interleaved(self._counts)
        for (name, size), count in zip(sizes.items(), self._counts, strict=True):
            self._refuse_unfit_share(name, size, count, batch_rows)

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rows, passes = np.empty_like(self._owners), np.empty_like(self._owners)
        for number in range(len(self._sizes)):
            own = self._owners == number
            rows[own], passes[own] = self._stretch(number, epoch)
        return Drawn(rows, passes)

    def _refuse_unfit_share(self, name: str, size: int, count: int, batch_rows: int) -> None:
        rows = self._starts[-1]
        if count == 0:
            raise ValueError(f"source '{name}' would get no row of the {rows:,} of an epoch; give it a larger weight.")
        if count * batch_rows > size * rows:
            raise ValueError(
                f"source '{name}' has {size:,} rows, but its share of a batch is {count * batch_rows / rows:.1f}; give "
                "it a smaller weight, or make batches smaller."
            )

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
