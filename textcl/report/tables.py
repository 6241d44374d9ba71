"""Scores as tables for a terminal, in points of 0–100 as papers print them."""

import math

from rich.table import Table

from textcl.evaluation import Interval
from textcl.report.scores import Scores


def scores_table(scores: Scores) -> Table:
    """Return one row a metric: the score and its 95 % interval."""
    table = _table("score", "95 % interval")
    for task, metrics in scores.items():
        for number, (metric, score) in enumerate(metrics.items()):
            table.add_row(task if number == 0 else "", metric, _points(score.value), _bounds(score))
        table.add_section()
    return table


def comparison_table(before: Scores, after: Scores, difference: Scores) -> Table:
    """Return one row a metric: before and after side by side, the difference and its 95 % interval.

    A difference whose interval lies above 0 is green, below 0 red; all others may be chance.
    """
    table = _table("before", "after", "difference", "95 % interval")
    for task, metrics in difference.items():
        for number, (metric, change) in enumerate(metrics.items()):
            table.add_row(
                task if number == 0 else "",
                metric,
                _points(before[task][metric].value),
                _points(after[task][metric].value),
                _coloured(_points(change.value, signed=True), change),
                _bounds(change, signed=True),
            )
        table.add_section()
    return table


def _table(*numbers: str) -> Table:
    table = Table("task", "metric")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _points(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return "-"
    return f"{100 * value:+.2f}" if signed else f"{100 * value:.2f}"


def _bounds(interval: Interval, signed: bool = False) -> str:
    if math.isnan(interval.low) and math.isnan(interval.high):
        return "-"
    return f"{_points(interval.low, signed)} … {_points(interval.high, signed)}"


def _coloured(text: str, change: Interval) -> str:
    if change.low > 0:
        return f"[green]{text}[/green]"
    return f"[red]{text}[/red]" if change.high < 0 else text
