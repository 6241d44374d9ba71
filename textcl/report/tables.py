"""Scores as tables for a terminal, in points of 0–100 as papers print them."""

import math
from collections.abc import Mapping

from rich.table import Table

from textcl.evaluation import DETAILS, Interval
from textcl.report.scores import Scores


def scores_table(scores: Scores) -> Table:
    """Return one row a metric: the score and its 95 % interval; rankings without the cut-offs in `DETAILS`."""
    table = _table("score", "95 % interval")
    for task, metrics in scores.items():
        for number, metric in enumerate(_shown(metrics)):
            score = metrics[metric]
            table.add_row(task if number == 0 else "", metric, _points(score.value), _bounds(score))
        table.add_section()
    return table


def comparison_table(before: Scores, after: Scores, difference: Scores) -> Table:
    """Return one row a metric: before and after side by side, the difference and its 95 % interval.

    A difference whose interval lies above 0 is green, below 0 red; all others may be chance.
    """
    table = _table("before", "after", "difference", "95 % interval")
    for task, metrics in difference.items():
        for number, metric in enumerate(_shown(metrics)):
            change = metrics[metric]
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


def _shown(metrics: Mapping[str, Interval]) -> list[str]:
    """Return the metrics worth a row: all but the details of rankings, and those too where there is nothing else."""
    return [metric for metric in metrics if metric not in DETAILS] or list(metrics)


def _points(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return "-"
    return f"{100 * value:+.2f}" if signed else f"{100 * value:.2f}"


def _bounds(interval: Interval, signed: bool = False) -> str:
    return f"{_points(interval.low, signed)} … {_points(interval.high, signed)}"


def _coloured(text: str, change: Interval) -> str:
    if change.low > 0:
        return f"[green]{text}[/green]"
    return f"[red]{text}[/red]" if change.high < 0 else text
