"""In which order an epoch goes through the rows of a source."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from textcl.seeds import derive
from textcl.types import IntArray


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows in the order in which they are trained on."""

    rows: IntArray  # (N,) of the source
    passes: IntArray  # (N,) how often the row was drawn before: each time its views are drawn anew

    def __getitem__(self, part: slice) -> "Drawn":
        return Drawn(self.rows[part], self.passes[part])


Order = Callable[[int], Drawn]  # from the number of an epoch, all of whose draws follow from it, to all its rows


@dataclass(frozen=True, slots=True)
class Shuffled:
    """Every row once, each epoch in a permutation of its own."""

    count: int  # rows
    seed: int

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rows = np.random.default_rng(derive(self.seed, "order", epoch)).permutation(self.count)
        return Drawn(rows, np.full(self.count, epoch))
