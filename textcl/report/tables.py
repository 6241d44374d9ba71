"""Scores as tables for a terminal, in points of 0–100 as papers print them."""

import math
from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from textcl.evaluation import DETAILS, Interval
from textcl.report.scores import Scores

INTERVAL = "95 % interval"
WRAPPED = (INTERVAL, "verdict")  # columns whose words stand below each other where the terminal is narrow


def scores_table(scores: Scores) -> Table:
    """Return one row a metric: the score and its 95 % interval; rankings without the cut-offs in `DETAILS`."""
    table = table_of("score", INTERVAL)
    for task, metrics in scores.items():
        for number, metric in enumerate(shown(metrics)):
            score = metrics[metric]
            table.add_row(escape(task) if number == 0 else "", metric, points(score.value), bounds(score))
        table.add_section()
    return table


def table_of(*numbers: str) -> Table:
    """Return an empty table with a column for each kind of number beside those of task and metric."""
    table = Table()
    for name in ("task", "metric"):
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=name not in WRAPPED, overflow="fold")
    return table


def shown(metrics: Mapping[str, Interval]) -> list[str]:
    """Return the metrics worth a row: all but the details of rankings, and those too where there is nothing else."""
    return [metric for metric in metrics if metric not in DETAILS] or list(metrics)


def points(value: float, signed: bool = False) -> str:
    """Return a score in points, a dash where it does not exist."""
    if math.isnan(value):
        return "-"
    return f"{100 * value:+.2f}" if signed else f"{100 * value:.2f}"


def bounds(interval: Interval, signed: bool = False) -> str:
    """Return the bounds of an interval in points."""
    return f"{points(interval.low, signed)} … {points(interval.high, signed)}"
