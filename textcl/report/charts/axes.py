"""Where a value lies along an axis, and the round values that are written beside it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from markupsafe import Markup

from textcl.report.score_rows import typeset

_STEPS = (1, 2, 2.5, 5, 10)  # times a power of ten


@dataclass(frozen=True, slots=True)
class Scale:
    """The values at both ends of an axis; `low` is below `high`."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], margin: float = 0.0) -> Self:
        """Return the scale that holds all values that are finite, with a share of room on both sides."""
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        room = (high - low) * margin if high > low else abs(low) * 0.05 or 1.0
        return cls(low - room, high + room)

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0–1."""
        return (value - self.low) / (self.high - self.low)

    def percent(self, value: float) -> str:
        """Return the same for SVG: `42.5%`."""
        return f"{100 * self.share(value):.2f}%"

    def ticks(self, most: int = 4) -> list[float]:
        """Return at most so many round values within the scale, rising; there are always some."""
        width = self.high - self.low
        power = 10.0 ** math.floor(math.log10(width / most))
        for exponent in (power, 10 * power):
            for step in (factor * exponent for factor in _STEPS):
                first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
                if 1 <= last - first + 1 <= most:
                    return [count * step for count in range(first, last + 1)]
        return [self.low]

    def label(self, tick: float) -> str:
        """Return a tick in as many digits as tell neighbours apart."""
        return typeset(f"{0.0 if abs(tick) < 1e-9 * (self.high - self.low) else tick:.6g}")


TOP, FOOT = 16, 22  # pixels above and below the plot


def opened(height: int, label: str, kind: str) -> Markup:
    """Return the start of a chart that readers of the screen hear as one picture."""
    return Markup('<svg class="chart {}" width="100%" height="{}" role="img" aria-label="{}">').format(
        kind, height, label
    )


def across(scale: Scale, height: int) -> Markup:
    """Return a line at each tick of the upright axis, its value written on it."""
    marks = Markup("")
    for tick in scale.ticks():
        y = round(TOP + (height - TOP - FOOT) * (1 - scale.share(tick)), 1)
        marks += Markup('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/><text x="0" y="{1}">{2}</text>').format(
            y, round(y - 3, 1), scale.label(tick)
        )
    return marks


def foot(scale: Scale, height: int, ticks: list[float] | None = None) -> Markup:
    """Return the values along the foot; those at the ends stay inside the picture."""
    marks = Markup("")
    for tick in scale.ticks() if ticks is None else ticks:
        share = scale.share(tick)
        anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"
        marks += Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
            scale.percent(tick), height - 5, anchor, scale.label(tick)
        )
    return marks


def plot(height: int) -> Markup:
    """Return the start of the plot within a chart: 1000 by 1000, stretched to the width there is."""
    return Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 1000 1000" preserveAspectRatio="none" '
        'overflow="visible">'
    ).format(TOP, height - TOP - FOOT)
