"""Scores as dots with their intervals, a row each over one axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from textcl.evaluation.significance import Interval
from textcl.report.charts.axes import Scale
from textcl.report.score_rows import bounds, points

_LINE = 15  # pixels between two intervals of a row


@dataclass(frozen=True, slots=True)
class Mark:
    """A value with its interval, and the class that draws it: `before`, `after`, `better`, `worse`, `unsure`."""

    interval: Interval
    kind: str


def interval_chart(marks: Sequence[Mark], scale: Scale, label: str, *, signed: bool = False) -> Markup:
    """Return one row: its intervals under each other, the lines of the axis behind them.

    Args:
        marks: Values, 0–1; one that does not exist leaves its line empty.
        scale: In points, the same for all rows of a plot.
        label: What the row is about.
        signed: Whether the values are differences.
    """
    height = _LINE * (len(marks) + 1)
    said = "; ".join(_in_words(mark.interval, signed) for mark in marks)
    drawn = Markup('<svg class="chart interval" width="100%" height="{}" role="img" aria-label="{}: {}">').format(
        height, label, said
    )
    for tick in scale.ticks():
        kind = "zero" if signed and abs(tick) < 1e-9 else "grid"
        drawn += Markup('<line class="{0}" x1="{1}" x2="{1}" y1="0" y2="{2}"/>').format(
            kind, scale.percent(tick), height
        )
    for line, mark in enumerate(marks, start=1):
        drawn += _mark(mark, scale, line * _LINE)
    return drawn + Markup("</svg>")


def axis_chart(scale: Scale) -> Markup:
    """Return the values below the rows."""
    drawn = Markup('<svg class="chart axis" width="100%" height="18" aria-hidden="true">')
    for tick in scale.ticks():
        drawn += Markup('<text x="{}" y="13" text-anchor="middle">{}</text>').format(
            scale.percent(tick), scale.label(tick)
        )
    return drawn + Markup("</svg>")


def _in_words(interval: Interval, signed: bool) -> str:
    share = ""  # no metric with units of its own
    return f"{points(interval.value, share, signed)} ({bounds(interval, share, signed)})"


def _mark(mark: Mark, scale: Scale, y: int) -> Markup:
    interval = mark.interval
    drawn = Markup("")
    if math.isfinite(interval.low) and math.isfinite(interval.high):
        drawn += Markup('<line class="whisker {0}" x1="{1}" x2="{2}" y1="{3}" y2="{3}"/>').format(
            mark.kind, scale.percent(100 * interval.low), scale.percent(100 * interval.high), y
        )
    if math.isfinite(interval.value):
        drawn += Markup('<circle class="dot {}" cx="{}" cy="{}" r="4.5"/>').format(
            mark.kind, scale.percent(100 * interval.value), y
        )
    return drawn


HEIGHT = 420
Position = tuple[float, float]


def scatter_chart(
    positions: Sequence[Position], kinds: Sequence[str], pairs: Sequence[tuple[int, int]], label: str
) -> Markup:
    """Return the map of one model.

    The points are in the order of the texts, and the first can be reached by the keyboard; the page's script leads on
    to the others and shows their texts.

    Args:
        positions: Of each text, 0–1 each way.
        kinds: The class that draws each text: `document`, `query`, which is hollow, `document g3` of a group.
        pairs: Positions of texts that belong together.
        label: What the map shows, in words.
    """
    drawn = Markup('<svg class="chart map" width="100%" height="{}" role="group" aria-label="{}">').format(
        HEIGHT, label
    )
    drawn += Markup("").join(_line(positions[one], positions[other], one, other) for one, other in pairs)
    drawn += Markup("").join(
        Markup('<circle class="{}" cx="{}" cy="{}" r="4" tabindex="{}"/>').format(
            kind, _percent(x), _percent(y), 0 if number == 0 else -1
        )
        for number, ((x, y), kind) in enumerate(zip(positions, kinds, strict=True))
    )
    return drawn + Markup("</svg>")


def _line(one: Position, other: Position, first: int, second: int) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" data-pair="{} {}"/>').format(
        *(_percent(value) for value in (*one, *other)), first, second
    )


def _percent(share: float) -> str:
    """Leave room for half a point at the borders."""
    return f"{1.5 + 97 * share:.2f}%"
