"""Scores as a page shows them: rows of a table and of a plot, from `report.json`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textcl.evaluation.kinds import metric_named
from textcl.evaluation.significance import LEVEL, Interval
from textcl.report import tables

_PLOTTED = 14  # rows of a plot
Parts = Mapping[str, Mapping[str, Mapping[str, Any]]]  # task -> metric -> value, low, high


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One metric of one task."""

    task: str
    metric: str
    scores: tuple[Interval, ...]  # one a model
    difference: Interval | None = None
    p: float | None = None
    verdict: str = ""  # better, worse, cannot tell; empty where there is nothing to compare

    @property
    def name(self) -> str:
        """Task and metric."""
        return f"{self.task} {self.metric}"

    @property
    def kind(self) -> str:
        """The class that draws the verdict."""
        return {"better": "better", "worse": "worse"}.get(self.verdict, "unsure")


def compared(before: Parts, after: Parts, difference: Parts) -> list[ScoreRow]:
    """Return a row for each metric that both models have."""
    return [
        ScoreRow(
            task,
            metric,
            (_interval(before[task][metric]), _interval(after[task][metric])),
            _interval(change),
            change.get("p"),
            change.get("verdict") or _verdict(_interval(change)),
        )
        for task, metrics in difference.items()
        for metric, change in metrics.items()
    ]


def alone(scores: Parts) -> list[ScoreRow]:
    """Return a row for each metric of one model."""
    return [
        ScoreRow(task, metric, (_interval(score),))
        for task, metrics in scores.items()
        for metric, score in metrics.items()
    ]


def headlines(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Return the rows worth a look: all but the details of rankings, and those too where there is nothing else."""
    return [row for row in rows if not metric_named(row.metric).is_detail] or list(rows)


def main_rows(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Return the first metric of each task, which is its main one."""
    return list({row.task: row for row in reversed(rows)}.values())[::-1]


def few(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Return the rows of a plot: all headlines, or the first of each task where they are too many."""
    shown = headlines(rows)
    return shown if len(shown) <= _PLOTTED else main_rows(rows)


def caution(rows: Sequence[ScoreRow]) -> str:
    """Return what a reader of so many verdicts should know of them."""
    count = sum(bool(row.verdict) for row in rows)
    return (
        f"Of {count} verdicts on equal models {count * LEVEL:.1f} would be better or worse by chance." if count else ""
    )


def _interval(fields: Mapping[str, Any]) -> Interval:
    value, low, high = (math.nan if fields.get(name) is None else float(fields[name]) for name in _NAMES)
    return Interval(value, low, high)


_NAMES = ("value", "low", "high")


def _verdict(change: Interval) -> str:
    """Say what the interval alone says; a difference that does not exist says nothing."""
    if math.isnan(change.value):
        return ""
    if change.low > 0:
        return "better"
    return "worse" if change.high < 0 else "cannot tell"


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
