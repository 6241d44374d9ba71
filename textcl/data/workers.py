"""Worker processes that read and cut texts: what they are, how many there are, and the batches that they make ahead."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.errors import TrainingError
from textcl.types.batches import IntArray, PairBatch
from textcl.util.processes import Method, in_order, open_pool

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST = 4  # workers of a process, unless a recipe asks for more
_LEFT_TO_IT = 2  # items that each worker is asked for ahead
# Forked workers share what is open, at no cost, and use none of the threads that a fork loses; other systems than Linux
# have libraries of their own that a fork breaks.
METHOD: Method = "fork" if sys.platform == "linux" else "spawn"
_TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"  # the variable by which tokenizers are told not to use any


def usual_workers(ranks: int, *, spared: int = 1) -> int:
    """Return how many workers each of the processes of a run on this machine has: the cores to spare, from 1 to 4.

    Args:
        ranks: The processes.
        spared: Cores of each process that are no worker's; none where it does nothing but wait for batches.
    """
    return min(_MOST, max(1, cores() // ranks - spared))


class DataWorkers(Generic[Item, Result]):
    """Processes that do one kind of work, each on one thread.

    Args:
        work: What is done; pickled where processes are spawned.
        workers: Processes, at least 1; they start at once.
        method: How they start.
    """

    def __init__(self, work: Callable[[Item], Result], workers: int, method: Method = METHOD) -> None:
        self._workers = workers
        self._pool = open_pool(workers, method, _begin, work)
        with _without_tokenizer_threads():
            self._pool.submit(os.getpid)  # starts them

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield what becomes of each item, in their order; two for each worker are made ahead.

        Raises:
            TrainingError: A worker died.
        """
        try:
            for _, result in in_order(self._pool, _do, items, _LEFT_TO_IT * self._workers + 1):  # one is asked for
                yield result
        except BrokenProcessPool as error:
            raise TrainingError(
                "A worker process that reads the data died; perhaps memory ran out. With data.workers=0 no worker is "
                "needed."
            ) from error

    def close(self) -> None:
        """End the workers, and wait until they are gone."""
        self._pool.shutdown(cancel_futures=True)


_work: Callable[[Any], Any] | None = None  # of this worker process; `Any`: each kind of work has its own


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    os.environ[_TOKENIZER_THREADS] = "false"  # this process is ours, and has its share of the cores
    torch.set_num_threads(1)


def _do(item: Any) -> Any:
    assert _work is not None, "the pool begins each worker"
    return _work(item)


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


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def leaving_cores() -> Iterator[None]:
    """Let torch compute on half of its threads for a block: the other cores are for workers.

    That pays where making a batch takes longer than learning from it. How many workers there are changes nothing, so
    that they change no sum either.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // 2))
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch whose sequences of tokens lie end to end."""

    rest: PairBatch  # without the ids of its sequences
    ids: tuple[IntArray, ...]  # of each view, V x (sum of the lengths,)
    lengths: tuple[IntArray, ...]  # V x (B,) tokens


def sent(batch: PairBatch) -> SentBatch:
    """Lay the sequences of a batch end to end."""
    bare = tuple(replace(view, tokens=replace(view.tokens, ids=())) for view in batch.views)
    ids = tuple(end_to_end(view.tokens.ids) for view in batch.views)
    return SentBatch(replace(batch, views=bare), ids, tuple(view.tokens.lengths for view in batch.views))


def received(batch: SentBatch) -> PairBatch:
    """Cut the sequences of a batch apart again."""
    views = zip(batch.rest.views, batch.ids, batch.lengths, strict=True)
    whole = (replace(view, tokens=replace(view.tokens, ids=cut(ids, lengths))) for view, ids, lengths in views)
    return replace(batch.rest, views=tuple(whole))


def end_to_end(sequences: Sequence[IntArray]) -> IntArray:
    """Join sequences of tokens to one."""
    return np.concatenate(sequences) if sequences else np.zeros(0, dtype=np.int64)


def cut(ids: IntArray, lengths: IntArray) -> tuple[IntArray, ...]:
    """Cut sequences of these lengths from one, (N,)."""
    ends = np.cumsum(lengths).tolist()
    return tuple(ids[start:end] for start, end in zip([0, *ends], ends, strict=False))


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

    def location(self, row: int) -> str:
        """Say where a row stands, for messages."""
        return self._batches.location(row)

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
