"""A number over the steps of a run: a line, and where several steps share a point the range between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from textcl.report.charts.axes import Scale, across, foot, opened, plot
from textcl.report.numbers import number

HEIGHT = 170
_LEFT = 0.12  # of the width
_POINTS = 240  # of a line; a longer run is averaged down to so many
Point = tuple[float, float, float, float]  # step, mean, lowest, highest


@dataclass(frozen=True, slots=True)
class Curve:
    """What was read on some steps."""

    title: str
    hint: str  # what it means, in a few words
    steps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def summary(self) -> str:
        """The first and the last value, in words: what the picture says to those who do not see it."""
        return f"{number(self.values[0])} → {number(self.values[-1])}"


def curve_chart(curve: Curve) -> Markup:
    """Return the picture of a curve of one or more points."""
    points = _thinned(curve.steps, curve.values)
    x = _x_scale([step for step, *_ in points])
    y = Scale.over([value for _, _, *ends in points for value in ends], margin=0.06)
    label = f"{curve.title}: {curve.summary}, steps {curve.steps[0]} to {curve.steps[-1]}"
    ends = list(dict.fromkeys([float(curve.steps[0]), float(curve.steps[-1])]))
    drawn = [(_wide(x, step), _high(y, value)) for step, value, *_ in points]
    return (
        opened(HEIGHT, label, "curve")
        + across(y, HEIGHT)
        + plot(HEIGHT)
        + _band(points, x, y)
        + _line(drawn, points)
        + Markup("</svg>")
        + foot(x, HEIGHT, ends)
        + Markup("</svg>")
    )


def _x_scale(steps: Sequence[float]) -> Scale:
    """Return the axis of the steps, with room on the left for what is written on the lines across."""
    across = Scale.over(steps)
    return Scale(across.low - _LEFT * (across.high - across.low), across.high)


def _line(drawn: Sequence[tuple[float, float]], points: Sequence[Point]) -> Markup:
    """Return the line, the values it runs through beside it; a single point is a short dash."""
    places = drawn if len(drawn) > 1 else [(490.0, drawn[0][1]), (510.0, drawn[0][1])]
    return Markup('<polyline class="line" data-steps="{}" data-values="{}" points="{}"/>').format(
        " ".join(f"{step:g}" for step, *_ in points),
        " ".join(number(value) for _, value, *_ in points),
        " ".join(f"{across:g},{down:g}" for across, down in places),
    )


def _band(points: Sequence[Point], x: Scale, y: Scale) -> Markup:
    if all(low == high for *_, low, high in points):
        return Markup("")
    upper = [f"{_wide(x, step):g},{_high(y, high):g}" for step, _, _, high in points]
    lower = [f"{_wide(x, step):g},{_high(y, low):g}" for step, _, low, _ in reversed(points)]
    return Markup('<polygon class="band" points="{}"/>').format(" ".join(upper + lower))


def _thinned(steps: Sequence[int], values: Sequence[float]) -> list[Point]:
    size = math.ceil(len(steps) / _POINTS)
    parts = [(steps[start : start + size], values[start : start + size]) for start in range(0, len(steps), size)]
    return [(sum(at) / len(at), sum(read) / len(read), min(read), max(read)) for at, read in parts]


def _wide(scale: Scale, step: float) -> float:
    return round(1000 * scale.share(step), 1)


def _high(scale: Scale, value: float) -> float:
    return round(1000 * (1 - scale.share(value)), 1)
