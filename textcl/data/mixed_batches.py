"""Batches of several sources that take turns, each batch from one of them; stateless like the batches of one source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from textcl.data.batches import Batches
from textcl.data.orders import interleaved
from textcl.types.batches import IntArray, PairBatch


@dataclass(frozen=True, slots=True)
class _Turn:
    """Whose turn a step is."""

    source: int  # its number
    number: int  # turns of the source before


class MixedBatches:
    """Batches from one source at a time, so many from each that its rows have the share that is wanted.

    An epoch draws about as many rows as the sources have together, and has the same turns as any other. Each source
    goes through its own passes: a new permutation when it is through, the last batch of a pass may be short, and a
    single row that is left over is left out of the pass. So small sources are repeated within an epoch, and large ones
    go on in the next where they stopped. The rows of a source are within half a batch of its share of an epoch in the
    mean, and within a batch and a half in any epoch, for the short ones; a source of a smaller share gets one batch.

    Args:
        batches: Of each source, by its name.
        shares: Of each source, together 1.
    """

    def __init__(self, batches: Mapping[str, Batches], shares: Sequence[float]) -> None:
        self._names, self._batches = tuple(batches), tuple(batches.values())
        self._starts = (0, *accumulate(own.rows_in_all for own in self._batches))
        self._turns = [
            max(1, round(share * self._starts[-1] / own.rows_per_step))
            for own, share in zip(self._batches, shares, strict=True)
        ]
        self._owners = interleaved(self._turns)  # (steps_per_epoch,)
        self._earlier = np.empty_like(self._owners)  # (steps_per_epoch,) turns of the same source before
        for number, turns in enumerate(self._turns):
            self._earlier[self._owners == number] = np.arange(turns)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, exactly."""
        return len(self._owners)

    def rows(self, step: int) -> IntArray:
        """Return the rows that a step trains on, over all ranks, (B,), numbered through all sources.

        Raises:
            ValueError: The step is negative.
        """
        turn = self._turn(step)
        return self._batches[turn.source].rows(turn.number) + self._starts[turn.source]

    def location(self, row: int) -> str:
        """Say where a row stands, for messages."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._batches[number].location(row - self._starts[number])

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> PairBatch:
        """Read and tokenise one rank's share of a step, which all ranks take from the same source.

        Raises:
            DataError: A row lacks what the views ask for.
            ValueError: Not 0 ≤ rank < ranks, or the step is negative.
        """
        turn = self._turn(step)
        batch = self._batches[turn.source].batch(turn.number, rank, ranks)
        return replace(batch, rows=batch.rows + self._starts[turn.source], source=self._names[turn.source])

    def _turn(self, step: int) -> _Turn:
        if step < 0:
            raise ValueError(f"step must be 0 or more, found {step}.")
        epoch, position = divmod(step, self.steps_per_epoch)
        source = int(self._owners[position])
        return _Turn(source, epoch * self._turns[source] + int(self._earlier[position]))
