"""Measuring one index: built, saved, opened again and searched, in a process of its own that shows its memory."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

import numpy as np

from textcl.benchmark.points import Build, Measured, Point, Speed
from textcl.errors import SearchError
from textcl.evaluation import ranking_metrics
from textcl.indexes.build import build_index, open_index, write_index
from textcl.types.batches import FloatArray, IntArray
from textcl.types.protocols import Hits, Index
from textcl.util.atomic import passing_folder
from textcl.util.cosines import Float64Array, row_products

_LADDERS = {
    "nprobe": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),  # cells looked into
    "efSearch": (8, 16, 32, 64, 128, 256, 512),  # candidates kept
    "k_factor": (1, 2, 4, 8, 16, 32, 64),  # candidates scored again, for each hit
}
ENOUGH = 0.999  # recall from which nobody wants more
_GAIN = 0.002  # recall that a step up must bring


def climb(index: Index, recall: Callable[[], float]) -> Iterator[tuple[int | None, float]]:
    """Yield settings that are worth a measurement, with their recall; the index is set to each as it is yielded.

    The first of the index's settings is varied, the others stay as they are. Climbing ends at a recall of 0.999, or
    after two steps that bring less than 0.002 each.

    Args:
        index: Is changed.
        recall: Of the index as it is set.
    """
    names = [name for name in index.settings if name in _LADDERS]
    if not names:
        yield None, recall()
        return
    best, idle = -1.0, 0
    for value in _LADDERS[names[0]]:
        index.set(names[0], value)
        found = recall()
        idle = 0 if found >= best + _GAIN else idle + 1
        best = max(best, found)
        yield value, found
        if found >= ENOUGH or idle == 2:
            return


_BLOCK = 16_384  # vectors read at once


@dataclass(frozen=True, slots=True)
class Setup:
    """Vectors on disk, queries, and what exact search finds for them."""

    vectors: Path  # .npy, (N, D) float32
    queries: FloatArray  # (Q, D)
    own: IntArray  # (Q,) the row that is the query itself, which does not count as found; -1: none
    k: int
    queries_per_call: int  # where many are asked at once
    seconds: float = 2.0  # spent on timing one way of searching, and again for many queries a call
    nearest: IntArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))  # (Q, k) by exact search
    judged: Mapping[int, Mapping[int, int]] = field(default_factory=dict)  # query to row to grade; may be empty

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        rows, dimension = np.load(self.vectors, mmap_mode="r").shape
        return rows, dimension

    def blocks(self, dimension: int) -> Iterator[FloatArray]:
        """Yield the first `dimension` numbers of the vectors, block by block."""
        vectors = np.load(self.vectors, mmap_mode="r")
        for start in range(0, len(vectors), _BLOCK):
            yield np.ascontiguousarray(vectors[start : start + _BLOCK, :dimension])

    def cosines(self, rows: IntArray) -> Float64Array:
        """Return the cosine of each query with rows that were found for it.

        Args:
            rows: (Q, n), -1 where nothing was found.

        Returns:
            (Q, n) float64, of whole vectors; below any cosine where nothing was found.
        """
        vectors = np.load(self.vectors, mmap_mode="r")
        cosines: Float64Array = np.stack(
            [row_products(vectors[own], query) for own, query in zip(rows, self.queries, strict=True)]
        )
        return np.where(rows < 0, -np.inf, cosines)

    def sample(self, rows: int, dimension: int, seed: int) -> FloatArray:
        """Return the first `dimension` numbers of some vectors (any, D), for an index to learn from."""
        vectors = np.load(self.vectors, mmap_mode="r")
        count = min(rows, len(vectors))
        chosen = np.sort(np.random.default_rng(seed).choice(len(vectors), count, replace=False))
        return np.ascontiguousarray(vectors[chosen, :dimension])


def without_own(hits: Hits, own: IntArray, k: int) -> IntArray:
    """Return the best `k` ids of each query without the query's own row, (Q, k); of k + 1 hits k are left."""
    order = np.argsort(hits.ids == own[:, None], axis=1, kind="stable")[:, :k]
    return np.take_along_axis(hits.ids, order, axis=1)


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index to measure: a factory string, and how many numbers of each vector it gets (None: all)."""

    factory: str
    dimension: int | None = None

    @property
    def name(self) -> str:
        """How a table calls it: `exact`, `exact, first 128`."""
        return self.factory if self.dimension is None else f"{self.factory}, first {self.dimension}"


def measure(candidate: Candidate, setup: Setup, seed: int = 17) -> Measured:
    """Measure one index in a new process.

    Raises:
        SearchError: It cannot be built, or the process died.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            return process.submit(_measure, candidate, setup, seed).result()
        except BrokenProcessPool as error:
            raise SearchError(
                f"{candidate.name}: the process that measured it died; was there memory enough?"
            ) from error


def with_nearest(setup: Setup) -> Setup:
    """Return the setup with what exact search on whole vectors finds."""
    index = build_index("exact", setup.shape[1])
    for block in setup.blocks(index.dimension):
        index.add(block)
    return replace(setup, nearest=without_own(index.search(setup.queries, setup.k + 1), setup.own, setup.k))


def _measure(candidate: Candidate, setup: Setup, seed: int) -> Measured:
    _forget_peak()
    held = _peak_bytes()
    dimension = candidate.dimension or setup.shape[1]
    with passing_folder(setup.vectors.parent / "measured") as folder:
        start = time.perf_counter()
        _write(candidate, setup, dimension, folder / "index", seed)
        seconds = time.perf_counter() - start
        index = open_index(folder / "index")
        points = tuple(_points(candidate, index, setup))
    return Measured(candidate.name, Build(seconds, index.size_bytes, _peak_bytes() - held), points)


def _write(candidate: Candidate, setup: Setup, dimension: int, folder: Path, seed: int) -> None:
    wanted = build_index(candidate.factory, dimension).training_rows.usual
    sample = setup.sample(wanted, dimension, seed)
    write_index(folder, candidate.factory, dimension, setup.shape[0], setup.blocks(dimension), sample)


def _points(candidate: Candidate, index: Index, setup: Setup) -> Iterator[Point]:
    queries = setup.queries[:, : index.dimension]

    def search(some: FloatArray) -> Hits:
        return index.search(some, setup.k + 1)

    def found() -> IntArray:
        return without_own(index.search(queries, max(setup.k, DEPTH) + 1), setup.own, max(setup.k, DEPTH))

    nearest = setup.cosines(setup.nearest)
    for effort, share in climb(index, lambda: recall(setup.cosines(found()[:, : setup.k]), nearest)):
        one, many = (speed(search, queries, n, seconds=setup.seconds) for n in (1, setup.queries_per_call))
        yield Point(candidate.name, effort, index.dimension, one, many, share, ndcg(found(), setup.judged))


def _forget_peak() -> None:
    """Begin the record of the peak anew where the system can (Linux); elsewhere what imports took stays in it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    """Return the most memory that this process has held since then.

    What `getrusage` says of a new process on Linux is not below what its parent held, so it is asked elsewhere only.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource  # here, for Windows has none

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


DEPTH = 10  # documents of each ranking that nDCG reads


_AS_NEAR = 1e-5  # of a cosine: what the texts beside a text change in it, at most


def recall(found: Float64Array, nearest: Float64Array) -> float:
    """Return the share of the nearest rows that were found, the mean over queries; a row as near is as good.

    Where texts repeat, an index may find other copies than exact search does.

    Args:
        found: Cosines of what an index found, (Q, k), -inf where it found nothing.
        nearest: Those of exact search, (Q, k), -inf where there are fewer than k.

    Source:
        Aumüller et al. 2018, ANN-Benchmarks (recall by the distance of the k-th nearest). arXiv:1807.05614
    """
    shares = []
    for mine, true in zip(found, nearest, strict=True):
        wanted = true[np.isfinite(true)]
        as_near = int((mine >= wanted.min() - _AS_NEAR).sum())
        shares.append(min(as_near, len(wanted)) / len(wanted))
    return mean(shares)


def ndcg(found: IntArray, judged: Mapping[int, Mapping[int, int]]) -> float | None:
    """Return the mean nDCG@10 over judged queries; None where nothing is judged.

    Args:
        found: (Q, at least 10), best first, -1 where nothing was found.
        judged: Query to row to grade.
    """
    if not judged:
        return None
    qrels = {str(query): {str(row): grade for row, grade in grades.items()} for query, grades in judged.items()}
    ranking = {
        str(query): {str(row): float(DEPTH - position) for position, row in enumerate(found[query, :DEPTH]) if row >= 0}
        for query in judged
    }  # positions in place of scores: an index that compresses vectors has ties that exact search has not
    return mean(ranking_metrics.measure(qrels, ranking, (DEPTH,))[f"ndcg@{DEPTH}"])
