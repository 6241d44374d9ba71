"""Batches that worker processes make ahead of the step that asks for them."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count

import torch

from textcl.data.batches import Batches
from textcl.data.sent_batch import SentBatch, received, sent
from textcl.errors import TrainingError
from textcl.types import IntArray, PairBatch
from textcl.workers import Method, in_order, open_pool

_BATCHES = 2  # that each worker is asked for ahead
_MOST = 4  # workers of a process, unless a recipe asks for more
# Forked workers share what is open, at no cost, and use none of the threads that a fork loses; other systems than Linux
# have libraries of their own that a fork breaks.
METHOD: Method = "fork" if sys.platform == "linux" else "spawn"
_TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"  # the variable by which tokenizers are told not to use any
Share = tuple[int, int, int]  # step, rank, ranks


def usual_workers(ranks: int) -> int:
    """Return how many workers each of the processes of a run has: the cores to spare, from 1 to 4."""
    return min(_MOST, max(1, _cores() // ranks - 1))


@contextmanager
def made_ahead(batches: Batches, workers: int) -> Iterator["Batches | Ahead"]:
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

    def __init__(self, batches: Batches, workers: int, method: Method = METHOD) -> None:
        self._batches, self._workers, self._method = batches, workers, method
        self._pool: ProcessPoolExecutor | None = None
        self._expected: Share | None = None  # what is asked for next, if all goes on as it began
        self._made: Iterator[tuple[Share, SentBatch]] = iter(())

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
        try:
            _, made = next(self._made)
        except BrokenProcessPool as fault:
            raise TrainingError(
                "A worker process that makes batches died; perhaps memory ran out. Checkpoints are kept: go on with "
                "--resume. With data.workers=0 this process makes them itself."
            ) from fault
        self._expected = (step + 1, rank, ranks)
        return received(made)

    def close(self) -> None:
        """End the workers, and wait until they are gone."""
        self._expected = None
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _begin(self, step: int, rank: int, ranks: int) -> None:
        self.close()
        self._pool = open_pool(self._workers, self._method, _begin_worker, self._batches)
        shares = ((later, rank, ranks) for later in count(step))
        made = in_order(self._pool, _make, shares, _BATCHES * self._workers + 1)  # one of which is asked for
        with _without_tokenizer_threads():
            self._pool.submit(os.getpid)  # starts the workers
        self._made = made


_batches: Batches | None = None  # of this worker process


def _begin_worker(batches: Batches) -> None:
    global _batches
    _batches = batches
    os.environ[_TOKENIZER_THREADS] = "false"  # this process is ours, and has its share of the cores
    torch.set_num_threads(1)


def _make(share: Share) -> SentBatch:
    assert _batches is not None, "the pool begins each worker"
    return sent(_batches.batch(*share))


@contextmanager
def _without_tokenizer_threads() -> Iterator[None]:
    """Fork without the warning of tokenizers, which print one where nobody said whether they may use threads."""
    before = os.environ.get(_TOKENIZER_THREADS)
    os.environ[_TOKENIZER_THREADS] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_TOKENIZER_THREADS]
        else:
            os.environ[_TOKENIZER_THREADS] = before


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
