"""What was measured of search indexes: tables for a terminal, JSON, and a picture."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from markupsafe import Markup
from rich.table import Table

from textcl.benchmark.points import Measured, Point, pareto_front
from textcl.report.charts.axes import Scale
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


WIDTH, HEIGHT = 900, 480  # of the picture
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 230, 34, 52  # pixels around the plot
_COLOURS = (
    ("#0a58b8", "#74b3ff"), ("#b3261e", "#ff8f86"), ("#116329", "#6fd08c"), ("#8f4f00", "#e8a657"),
    ("#6b3fa0", "#c3a1f0"), ("#00707a", "#5cc8d2"), ("#9c2f6f", "#f08fc4"), ("#535c68", "#a3adb9"),
)  # fmt: skip
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1e24}.paper{fill:#fff}.grid{stroke:#d8dde3}"
    ".line{fill:none;stroke:currentColor;stroke-width:1.5}.mark{fill:currentColor}"
    ".front{fill:none;stroke:#bcd5f5;stroke-width:9;stroke-linejoin:round;stroke-linecap:round}"
    + "".join(f".c{number}{{color:{light}}}" for number, (light, _) in enumerate(_COLOURS))
    + "@media(prefers-color-scheme:dark){text{fill:#e8eaee}.paper{fill:#12151a}.grid{stroke:#353d48}"
    ".front{stroke:#24476f}" + "".join(f".c{number}{{color:{dark}}}" for number, (_, dark) in enumerate(_COLOURS)) + "}"
)  # it holds no < > & or quote, so escaping leaves it as it is
_SHAPES = ("M-4-4h8v8h-8z", "M0-5L5 4H-5z", "M0-5L5 0L0 5L-5 0z", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0")


def tradeoff_chart(points: Sequence[Point], k: int) -> Markup:
    """Return the picture: a line for each index, and the front of what no other point beats in both.

    Args:
        points: At least one.
        k: Of the recall.
    """
    recall = Scale.over([point.recall for point in points], margin=0.04)
    speed = Scale.over([_log(point) for point in points], margin=0.06)
    names = list(dict.fromkeys(point.index for point in points))
    drawn = _opened(f"recall@{k} against queries per second of {len(names)} indexes") + _axes(recall, speed, k)
    drawn += _path([_position(point, recall, speed) for point in pareto_front(points)], "front")
    for number, name in enumerate(names):
        own = [point for point in points if point.index == name]
        drawn += _path([_position(point, recall, speed) for point in own], f"line c{number % len(_COLOURS)}")
        drawn += Markup("").join(_mark(point, number, *_position(point, recall, speed)) for point in own)
        drawn += _key(name, number)
    return drawn + _front_key(len(names)) + Markup("</svg>\n")


def _opened(label: str) -> Markup:
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="{2}"><style>{3}</style><rect class="paper" width="{0}" height="{1}"/>'
    )
    return opening.format(WIDTH, HEIGHT, label, _STYLE)


def _axes(recall: Scale, speed: Scale, k: int) -> Markup:
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    marks = Markup('<text x="{}" y="20">queries per second, many a call</text>').format(_LEFT - 50)
    marks += _written(middle, HEIGHT - 12, "middle", f"recall@{k}")
    for tick in recall.ticks(6):
        marks += _written(_across(recall.share(tick)), HEIGHT - _BOTTOM + 20, "middle", recall.label(tick))
    for speed_tick in _decades(speed):
        y = _down(speed.share(math.log10(speed_tick)))
        marks += Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(_LEFT, WIDTH - _RIGHT, y)
        marks += _written(_LEFT - 8, y + 4, "end", f"{speed_tick:,g}")
    return marks


def _decades(speed: Scale) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten within a scale of logarithms."""
    powers = range(math.floor(speed.low), math.ceil(speed.high) + 1)
    values = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [value for value in values if speed.low <= math.log10(value) <= speed.high]


def _written(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _mark(point: Point, number: int, x: float, y: float) -> Markup:
    return Markup('<path class="mark c{}" transform="translate({} {})" d="{}"><title>{}</title></path>').format(
        number % len(_COLOURS), x, y, _SHAPES[number % len(_SHAPES)],
        f"{point.name}: recall {point.recall:.3f}, {point.many.queries_per_second:,.0f} queries/s",
    )  # fmt: skip


def _key(name: str, number: int) -> Markup:
    x, y = WIDTH - _RIGHT + 22, _TOP + 12 + 24 * number
    return Markup('<path class="mark c{}" transform="translate({} {})" d="{}"/><text x="{}" y="{}">{}</text>').format(
        number % len(_COLOURS), x, y, _SHAPES[number % len(_SHAPES)], x + 14, y + 4, name
    )


def _front_key(number: int) -> Markup:
    x, y = WIDTH - _RIGHT + 14, _TOP + 12 + 24 * number
    return Markup('<path class="front" d="M{0} {1}h16"/><text x="{2}" y="{3}">none is better in both</text>').format(
        x, y, x + 24, y + 4
    )


def _path(positions: Sequence[tuple[float, float]], kind: str) -> Markup:
    steps = "L".join(f"{x} {y}" for x, y in positions)
    return Markup('<path class="{}" d="M{}"/>').format(kind, steps)


def _position(point: Point, recall: Scale, speed: Scale) -> tuple[float, float]:
    return _across(recall.share(point.recall)), _down(speed.share(_log(point)))


def _log(point: Point) -> float:
    return math.log10(point.many.queries_per_second)


def _across(share: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * share, 1)


def _down(share: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share), 1)
