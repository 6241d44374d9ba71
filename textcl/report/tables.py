"""Scores as tables for a terminal, in points of 0–100 as papers print them."""

import math

from rich.markup import escape
from rich.table import Table

from textcl.evaluation import Interval
from textcl.report.scores import Scores

INTERVAL = "95 % interval"
WRAPPED = (INTERVAL, "verdict")  # columns whose words stand below each other where the terminal is narrow


def scores_table(scores: Scores) -> Table:
    """Return one row a metric: the score and its 95 % interval."""
    table = table_of("score", INTERVAL)
    for task, metrics in scores.items():
        for number, (metric, score) in enumerate(metrics.items()):
            table.add_row(escape(task) if number == 0 else "", metric, points(score.value), bounds(score))
        table.add_section()
    return table


def table_of(*numbers: str) -> Table:
    """Return an empty table with a column for each kind of number beside those of task and metric."""
    table = Table("task", "metric")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=name not in WRAPPED)
    return table


def points(value: float, signed: bool = False) -> str:
    """Return a score in points, a dash where it does not exist."""
    if math.isnan(value):
        return "-"
    return f"{100 * value:+.2f}" if signed else f"{100 * value:.2f}"


def bounds(interval: Interval, signed: bool = False) -> str:
    """Return the bounds of an interval in points."""
    return f"{points(interval.low, signed)} … {points(interval.high, signed)}"
