"""Scores and comparisons as tables, in points of 0–100 as papers print them: for a terminal, a prompt, a notebook."""

import math
from collections.abc import Mapping, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from textcl.evaluation.kinds import metric_named, shown_metrics
from textcl.evaluation.significance import LEVEL, Difference, Interval
from textcl.export.figures import ExportFigures, TaskScore
from textcl.report.scores import Differences, Scores
from textcl.util.visible import visible

INTERVAL = "95 % interval"
WRAPPED = (INTERVAL, "verdict")  # columns whose words stand below each other where the terminal is narrow


def scores_table(scores: Scores) -> Table:
    """Return one row a metric: the score and its 95 % interval; details are left out."""
    table = table_of("score", INTERVAL)
    for task, metrics in scores.items():
        for number, metric in enumerate(shown_metrics(metrics)):
            score = metrics[metric]
            own = points(score.value, metric), bounds(score, metric)
            table.add_row(task if number == 0 else "", metric, *own)
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


def points(value: float, metric: str, signed: bool = False) -> str:
    """Return a score in points, or in the metric's own units; a dash where it does not exist."""
    if math.isnan(value):
        return "-"
    value = 100 * value if metric_named(metric).is_share else value
    return f"{value:+.2f}" if signed else f"{value:.2f}"


def bounds(interval: Interval, metric: str, signed: bool = False) -> str:
    """Return the bounds of an interval as `points` writes them."""
    if math.isnan(interval.low) and math.isnan(interval.high):
        return "-"
    return f"{points(interval.low, metric, signed)} … {points(interval.high, metric, signed)}"


_MEGABYTE = 1_000_000


def exports_table(exports: Sequence[ExportFigures]) -> Table:
    """Return one row a task of each export: its size, its vectors' cosines to the model's, scores and speed."""
    table = Table("export")
    for name in ("MB", "cosine", "least", "task", "model", "export", "texts/s", "times"):
        table.add_column(name, justify="left" if name == "task" else "right", overflow="fold")
    for export in exports:
        own = (
            export.format,
            f"{export.bytes / _MEGABYTE:.1f}",
            _cosine(export.cosine_mean),
            _cosine(export.cosine_min),
        )
        ratio = export.texts_per_second / export.texts_per_second_original
        speed = (f"{export.texts_per_second:,.0f}", f"{ratio:.2f}")
        scores = [_score(score) for score in export.scores] or [("-", "-", "-")]
        for number, score in enumerate(scores):
            table.add_row(*(own if number == 0 else ("",) * len(own)), *score, *(speed if number == 0 else ("", "")))
        table.add_section()
    return table


def _score(score: TaskScore) -> tuple[str, str, str]:
    before, after = points(score.before, score.metric), points(score.after, score.metric)
    return f"{score.task} {score.metric}", before, after


def _cosine(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


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


_WIDTH = 120  # characters
_PRE = '<pre style="white-space:pre;overflow-x:auto;line-height:normal;font-family:monospace">{code}</pre>'


def as_text(table: Table) -> str:
    """Return a table in characters, without colours."""
    console = Console(file=StringIO(), width=_WIDTH, record=True, force_jupyter=False, markup=False, emoji=False)
    console.print(table)
    return visible("\n".join(line.rstrip() for line in console.export_text().splitlines()))


def as_html(table: Table) -> str:
    """Return a table as HTML that needs no style sheet."""
    console = Console(
        file=StringIO(), width=_WIDTH, record=True, force_jupyter=False, force_terminal=True, markup=False, emoji=False
    )
    console.print(table)
    return visible(console.export_html(inline_styles=True, code_format=_PRE))
