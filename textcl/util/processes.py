"""Worker processes, whose results come back in order; and the signals by which a user ends a process."""

import ctypes
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Method = Literal["fork", "spawn"]


def open_pool(workers: int, method: Method, begin: Callable[..., None], *arguments: object) -> ProcessPoolExecutor:
    """Return a pool of processes, which start when the first work is given to it.

    They are deaf to Ctrl-C, which this process hears, and are gone when this process is gone, even by kill -9.

    Args:
        workers: Processes.
        method: `fork` starts at once with all that this process has opened; none of its threads live on in the worker,
            so what waits for one waits for ever. `spawn` starts anew, and is sent what it needs.
        begin: Called with the arguments in each worker, before any work.
        arguments: Of `begin`; pickled where processes are spawned.
    """
    return ProcessPoolExecutor(workers, multiprocessing.get_context(method), _begin, (begin, arguments))


def in_order(
    pool: ProcessPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with what the workers make of it, in the order of the items.

    Args:
        pool: The workers.
        work: A function of a module; errors of it arrive as themselves.
        items: Are taken as they are needed.
        ahead: Items that are given out before the first is wanted; as many results lie in memory at most.

    Raises:
        BrokenProcessPool: A worker died.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(_sendable, work, item)))
        if len(waiting) >= ahead:
            first, future = waiting.popleft()
            yield first, future.result()
    for item, future in waiting:
        yield item, future.result()


_PATIENCE = 10.0  # seconds that a process may take to end


def end_workers(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool now, in the middle of their work: what waits in its queue would still be done.

    When it returns they are gone, and the locks of their files with them. From Python 3.14 on the pool has a method for
    it.
    """
    processes = list((pool._processes or {}).values())
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_PATIENCE)


def _begin(begin: Callable[..., None], arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A forked worker has the handler of this process, which only notes it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    begin(*arguments)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _sendable(work: Callable[[Item], Result], item: Item) -> Result:
    """Do some work; an error that cannot be sent as it is would be taken for the death of the worker."""
    try:
        return work(item)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
        except Exception:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        raise


def give_back_memory() -> None:
    """Return free memory to the system, where the C library can (glibc); elsewhere it does so by itself.

    Tensors of ever other sizes leave gaps in the heap that are not given back otherwise: a process that embeds for
    hours would grow. It takes some 15 ms.
    """
    with suppress(AttributeError, OSError, TypeError):  # a C library without it, or none to be had
        ctypes.CDLL(None).malloc_trim(0)


@dataclass
class StopRequest:
    """Whether the user has asked to stop."""

    wanted: bool = False


@contextmanager
def caught_signals() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C or SIGTERM into a request; a second one interrupts at once.

    Outside the main thread, where signals cannot be watched, the request stays down.
    """
    request = StopRequest()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if request.wanted:
            raise KeyboardInterrupt
        request.wanted = True

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread
        before = {}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
