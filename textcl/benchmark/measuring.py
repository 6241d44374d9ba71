"""Measuring one index: built, saved, opened again and searched, in a process of its own that shows its memory."""

import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from textcl.benchmark.ladder import climb
from textcl.benchmark.points import Build, Measured, Point
from textcl.benchmark.quality import DEPTH, ndcg, recall
from textcl.benchmark.setup import Setup, without_own
from textcl.benchmark.timing import speed
from textcl.errors import SearchError
from textcl.index import build_index, open_index, write_index
from textcl.types import FloatArray, Hits, Index, IntArray


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
        SearchError: It can not be built, or the process died.
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
    with TemporaryDirectory(dir=setup.vectors.parent) as folder:
        start = time.perf_counter()
        _write(candidate, setup, dimension, Path(folder) / "index", seed)
        seconds = time.perf_counter() - start
        index = open_index(Path(folder) / "index")
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

    for effort, share in climb(index, lambda: recall(found()[:, : setup.k], setup.nearest)):
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
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
