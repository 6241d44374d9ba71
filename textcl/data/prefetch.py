"""Batches that worker processes make ahead of the step that asks for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.data.workers import METHOD, DataWorkers, SentBatch, received, sent
from textcl.types.batches import IntArray, PairBatch
from textcl.util.processes import Method

Share = tuple[int, int, int]  # step, rank, ranks
RunBatches = Batches | MixedBatches


@contextmanager
def made_ahead(batches: RunBatches, workers: int) -> Iterator["RunBatches | Ahead"]:
    """Yield the batches, made by so many workers; without any they are made here, when they are asked for.

    A batch follows from its step alone, so that the number of workers changes nothing but the time that a step waits.
    """
    if workers == 0:
        yield batches
        return
    ahead = Ahead(batches, workers)
    try:
        yield ahead
    finally:
        ahead.close()


class Ahead:
    """Takes batches from workers, which go on with the steps that follow. It holds a few batches at most.

    Args:
        batches: What makes a batch.
        workers: Processes, at least 1; they start with the first batch.
        method: How they start.
    """

    def __init__(self, batches: RunBatches, workers: int, method: Method = METHOD) -> None:
        self._batches, self._count, self._method = batches, workers, method
        self._workers: DataWorkers[Share, SentBatch] | None = None
        self._expected: Share | None = None  # what is asked for next, if all goes on as it began
        self._made: Iterator[SentBatch] = iter(())

    def rows(self, step: int) -> IntArray:
        """Return the rows of the source that a step trains on, over all ranks, (B,)."""
        return self._batches.rows(step)

    def place(self, row: int) -> str:
        """Say where a row stands, for messages."""
        return self._batches.place(row)

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> PairBatch:
        """Return one rank's share of a step. Any other step than the next begins anew, which takes a while.

        Raises:
            DataError: A row lacks what the views ask for.
            TrainingError: A worker died.
        """
        if self._expected != (step, rank, ranks):
            self._begin(step, rank, ranks)
        self._expected = None
        made = next(self._made)
        self._expected = (step + 1, rank, ranks)
        return received(made)

    def close(self) -> None:
        """End the workers, and wait until they are gone."""
        self._expected = None
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    def _begin(self, step: int, rank: int, ranks: int) -> None:
        self.close()
        self._workers = DataWorkers(partial(_make, self._batches), self._count, self._method)
        self._made = self._workers.results((later, rank, ranks) for later in count(step))


def _make(batches: RunBatches, share: Share) -> SentBatch:
    return sent(batches.batch(*share))
