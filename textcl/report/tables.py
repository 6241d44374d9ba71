"""Scores as tables for a terminal, in points of 0–100 as papers print them."""

import math
from collections.abc import Sequence

from rich.table import Table

from textcl.evaluation.kinds import metric_named, shown_metrics
from textcl.evaluation.significance import Interval
from textcl.export.figures import ExportFigures, TaskScore
from textcl.report.scores import Scores

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
