"""How long searches take."""

import time
from collections.abc import Callable
from itertools import cycle

import numpy as np

from textcl.benchmark.points import Speed
from textcl.types import FloatArray

_WARM_UP = 3  # calls that are not counted


def speed(
    search: Callable[[FloatArray], object],
    queries: FloatArray,
    queries_per_call: int,
    *,
    calls: int = 200,
    seconds: float = 2.0,
) -> Speed:
    """Time a search, call by call, over the queries again and again.

    Args:
        search: Takes (n, D) queries.
        queries: (Q, D).
        queries_per_call: n; all of the queries where there are fewer.
        calls: Stop after so many calls.
        seconds: Stop after so many seconds, but not before 5 calls.
    """
    batches = _batches(queries, queries_per_call)
    for batch in batches[:_WARM_UP]:
        search(batch)
    taken: list[float] = []
    start = time.perf_counter()
    for batch in cycle(batches):
        begin = time.perf_counter()
        search(batch)
        end = time.perf_counter()
        taken.append(1000 * (end - begin))
        if len(taken) == calls or (end - start > seconds and len(taken) >= 5):
            break
    median, p95, p99 = np.percentile(taken, (50, 95, 99)).tolist()
    return Speed(len(batches[0]), len(taken), median, p95, p99)


def _batches(queries: FloatArray, size: int) -> list[FloatArray]:
    """Cut the queries into batches of one size; what is left over is not searched."""
    if size < 1 or not len(queries):
        raise ValueError(f"{len(queries)} queries, {size} a call; there must be at least one of each.")
    size = min(size, len(queries))
    return [queries[start : start + size] for start in range(0, len(queries) - size + 1, size)]
