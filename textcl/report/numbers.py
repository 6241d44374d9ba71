"""Numbers as a page writes them: scores in points of 0–100, a dash for what does not exist."""

import math

from textcl.evaluation.significance import Interval
from textcl.report import tables

DASH = "\u2013"
_MINUS = "\u2212"


def points(value: float, metric: str, signed: bool = False) -> str:
    """Return a score as terminal tables have it, such as `53.92`, or a difference with its sign."""
    return DASH if math.isnan(value) else typeset(tables.points(value, metric, signed))


def bounds(interval: Interval, metric: str, signed: bool = False) -> str:
    """Return the bounds of an interval, each as `points` writes it."""
    if math.isnan(interval.low) or math.isnan(interval.high):
        return DASH
    return f"{points(interval.low, metric, signed)} … {points(interval.high, metric, signed)}"


def number(value: float) -> str:
    """Return any number with four digits that count: `1.099`, `3e-5`, `1,234`."""
    if math.isnan(value):
        return DASH
    if value and abs(value) < 0.001:
        return typeset(f"{value:.2g}")
    return typeset(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}")


def typeset(text: str) -> str:
    """Write the sign as wide as a plus, and an exponent without zeros: `5e-5`."""
    text = text.replace("e-0", "e-")
    return text.replace("-", _MINUS, 1) if text.startswith("-") else text
