"""What is measured of an index: one build, and a point for each way of searching it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """What it took to build an index."""

    seconds: float
    disk_bytes: int
    peak_bytes: int  # most memory that building and searching held, above what the process held before


@dataclass(frozen=True, slots=True)
class Speed:
    """How long calls took, each with the same number of queries."""

    queries_per_call: int
    calls: int
    median_ms: float  # milliseconds a call
    p95_ms: float
    p99_ms: float

    @property
    def queries_per_second(self) -> float:
        """Queries answered in a second at the median call."""
        return 1000 * self.queries_per_call / self.median_ms


@dataclass(frozen=True, slots=True)
class Point:
    """One way of searching one index: how fast, and how much of exact search it keeps."""

    index: str  # a factory string, or the name of a variant: `exact`, `int8 + rescoring`
    effort: int | None  # nprobe or efSearch; None where there is nothing to choose
    dimension: int  # numbers of each vector that were searched
    one: Speed  # one query a call
    many: Speed
    recall: float  # share of the k nearest by exact search, on whole vectors, that were found; 0-1
    ndcg: float | None = None  # nDCG@10 by the judgements, if there are any; 0-1

    @property
    def name(self) -> str:
        """How a table calls it."""
        return self.index if self.effort is None else f"{self.index} @ {self.effort}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One index with all of its points."""

    index: str
    build: Build
    points: tuple[Point, ...]


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that none equals or beats in recall and queries a second at once, slowest first.

    Speed is that of many queries a call.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (-point.many.queries_per_second, -point.recall)):
        if not front or point.recall > front[-1].recall:
            front.append(point)
    return front[::-1]


def fastest(points: Sequence[Point], recall: float) -> Point | None:
    """Return the point with the most queries a second among those that keep at least this recall."""
    kept = [point for point in points if point.recall >= recall]
    return max(kept, key=lambda point: point.many.queries_per_second, default=None)
