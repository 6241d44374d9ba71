"""Which points are worth having: those that no other beats in both recall and speed."""

from collections.abc import Sequence

from textcl.benchmark.points import Point


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
