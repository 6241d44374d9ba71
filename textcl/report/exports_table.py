"""The exports of a model as a table for a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from textcl.export import ExportFigures, TaskScore
from textcl.report.tables import points

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
    return f"{escape(score.task)} {score.metric}", before, after


def _cosine(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"
