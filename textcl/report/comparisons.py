"""Comparisons of models as tables for a terminal: with p-values, and in words."""

import math
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from textcl.evaluation.kinds import shown_metrics
from textcl.evaluation.significance import LEVEL, Difference
from textcl.report.scores import Differences, Scores
from textcl.report.tables import INTERVAL, bounds, points, table_of

_CHANGE = ("difference", INTERVAL, "p", "verdict")
_COLOURS = {"better": "green", "worse": "red"}


def comparison_table(before: Scores, after: Scores, difference: Differences) -> Table:
    """Return one row a metric: before and after side by side, the difference, how sure it is, and the verdict."""
    table = table_of("before", "after", *_CHANGE)
    for task, metrics in difference.items():
        for number, metric in enumerate(shown_metrics(metrics)):
            old, new = (points(scores[task][metric].value, metric) for scores in (before, after))
            table.add_row(_heading(task, number), metric, old, new, *_change(metrics[metric], metric))
        table.add_section()
    table.caption = caution(difference)
    return table


def against_table(scores: Scores, other: Scores, difference: Differences) -> Table:
    """Return one row a metric: a model's score and its interval, the other's, the difference, and the verdict."""
    table = table_of("score", INTERVAL, "against", *_CHANGE)
    for task, metrics in difference.items():
        for number, metric in enumerate(shown_metrics(metrics)):
            score, its = scores[task][metric], points(other[task][metric].value, metric)
            own = points(score.value, metric), bounds(score, metric)
            table.add_row(_heading(task, number), metric, *own, its, *_change(metrics[metric], metric))
        table.add_section()
    table.caption = caution(difference)
    return table


def runs_table(names: Sequence[str], scores: Sequence[Scores], differences: Sequence[Differences]) -> Table:
    """Return for each metric a row a run: its score, and its difference from the first run.

    Args:
        names: Of the runs.
        scores: Of each run.
        differences: Of each run from the first; empty for the first itself.
    """
    table = table_of("score", INTERVAL, *_CHANGE)
    for task, metric in dict.fromkeys(
        (name, metric) for run in scores for name in run for metric in shown_metrics(run[name])
    ):
        table.add_row(task, metric, *("" for _ in range(len(table.columns) - 2)))
        for name, run, changes in zip(names, scores, differences, strict=True):
            score, change = run.get(task, {}).get(metric), changes.get(task, {}).get(metric)
            if score is not None:
                cells = _change(change, metric) if change is not None else ()
                table.add_row("", f"  {name}", points(score.value, metric), bounds(score, metric), *cells)
        table.add_section()
    table.caption = caution(*differences)
    return table


def settings_table(names: Sequence[str], settings: Mapping[str, Sequence[str]]) -> Table:
    """Return one row a setting in which runs differ, one column a run."""
    table = Table("setting", *names)
    for setting, values in settings.items():
        table.add_row(setting, *values)
    return table


def caution(*differences: Differences) -> str:
    """Return what a reader of so many verdicts should know of them."""
    count = sum(len(shown_metrics(metrics)) for difference in differences for metrics in difference.values())
    if not count:
        return ""
    return (
        f"{count} verdicts at 5 % each: of equal models {count * LEVEL:.1f} of them would be better or worse by chance."
    )


def _heading(task: str, number: int) -> str:
    return task if number == 0 else ""


def _change(change: Difference, metric: str) -> tuple[Text, str, str, Text]:
    """Return the cells of a difference, under the names of `_CHANGE`."""
    colour = _COLOURS.get(change.verdict, "white")
    p = "-" if math.isnan(change.p) else f"{change.p:.4f}"
    value = points(change.value, metric, signed=True)
    return Text(value, colour), bounds(change, metric, signed=True), p, Text(change.verdict, colour)
