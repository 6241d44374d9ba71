"""What was measured of search indexes: tables for a terminal, JSON, and a picture."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from textcl.benchmark.points import Measured, Point, pareto_front
from textcl.report.charts.tradeoff import tradeoff_chart
from textcl.util.atomic import new_file, write_json

_MEGA = 1e6


def build_table(measured: Sequence[Measured]) -> Table:
    """Return one row an index: seconds to build, size on disk and the most memory held."""
    table = _table("index", "build, s", "disk, MB", "memory, MB")
    for index in measured:
        build = index.build
        table.add_row(
            index.index, f"{build.seconds:.1f}", f"{build.disk_bytes / _MEGA:,.1f}", f"{build.peak_bytes / _MEGA:,.0f}"
        )
    return table


def points_table(measured: Sequence[Measured], k: int) -> Table:
    """Return one row a point; `*` marks those that no other beats in both recall and queries a second."""
    points = [point for index in measured for point in index.points]
    front = pareto_front(points)
    has_ndcg = any(point.ndcg is not None for point in points)
    calls = sorted({point.many.queries_per_call for point in points})
    table = _table(
        "index", f"recall@{k}", *(["ndcg@10"] if has_ndcg else []),
        "queries/s, 1 a call", "median, ms", "p95", "p99", f"queries/s, {calls[-1]} a call", "",
    )  # fmt: skip
    for index in measured:
        for point in index.points:
            table.add_row(*_cells(point, has_ndcg), "*" if point in front else "")
        table.add_section()
    return table


def write_measured(path: Path, measured: Sequence[Measured], about: dict[str, object]) -> None:
    """Write all that was measured as JSON, beside what it was measured on; it appears whole or not at all."""
    write_json(path, about | {"indexes": [asdict(index) for index in measured]})


def write_tradeoff(path: Path, measured: Sequence[Measured], k: int) -> None:
    """Draw recall@k against queries a second as an SVG file; it appears whole or not at all."""
    points = [point for index in measured for point in index.points]
    with new_file(path) as temporary:
        temporary.write_text(tradeoff_chart(points, k), encoding="utf-8")


def _cells(point: Point, has_ndcg: bool) -> list[str]:
    one = point.one
    quality = [f"{point.recall:.4f}", *([f"{100 * (point.ndcg or 0.0):.2f}"] if has_ndcg else [])]
    times = [f"{ms:.2f}" for ms in (one.median_ms, one.p95_ms, one.p99_ms)]
    return [point.name, *quality, f"{one.queries_per_second:,.0f}", *times, f"{point.many.queries_per_second:,.0f}"]


def _table(first: str, *numbers: str) -> Table:
    table = Table(first)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=bool(name))
    return table
