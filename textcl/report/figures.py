"""The figures of a page: what is drawn of scores, curves, cosines and maps, and what is written beside each."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from textcl.evaluation import IN_OWN_UNITS, Interval
from textcl.report.charts import Curve, Scale, axis_chart, curve_chart, histogram_chart, interval_chart, scatter_chart
from textcl.report.charts.histogram import occupied
from textcl.report.charts.interval import Mark
from textcl.report.page_data import PageData, Similarities, TextMap
from textcl.report.score_rows import ScoreRow, few, main_rows
from textcl.report.wording import points


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its title and a line about it."""

    title: str
    note: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class DotPlot:
    """Rows of dots with intervals over one axis."""

    title: str
    note: str
    rows: list[Figure]
    axis: Markup


def score_figures(rows: Sequence[ScoreRow]) -> list[DotPlot]:
    """Return the plot of the main scores, and of all differences where there are any.

    Metrics of one task lie far apart (precision and recall), which leaves no room to see intervals; differences do not.
    """
    rows = [row for row in rows if row.metric not in IN_OWN_UNITS]  # which share no axis with the others
    main = main_rows(rows)
    if not main:
        return []
    kinds = ("before", "after") if main[0].difference is not None else ("after",)
    scores = [[Mark(score, kind) for score, kind in zip(row.scores, kinds, strict=True)] for row in main]
    plots = [_dot_plot("Scores", main, scores, signed=False)]
    changed = [row for row in few(rows) if row.difference is not None]
    if changed:
        marks = [[Mark(row.difference, row.kind)] for row in changed if row.difference is not None]
        plots.append(_dot_plot("Differences", changed, marks, signed=True))
    return plots


def curve_figures(curves: Sequence[Curve]) -> list[Figure]:
    """Return the curves, the first and the last value beside each title; one reading alone makes none."""
    curves = [curve for curve in curves if len(curve.steps) > 1]
    return [Figure(curve.title, f"{curve.summary} · {curve.hint}".rstrip(" ·"), curve_chart(curve)) for curve in curves]


def histogram_figures(data: PageData) -> list[tuple[str, list[Figure]]]:
    """Return for each task the histograms of each model, all on the axis of the task."""
    figures = []
    for task, models in data.similarities.items():
        scale = occupied([counts for model in models for counts in (model.positives, model.randoms)])
        pictures = [
            Figure(name, _closer(model), histogram_chart(model.positives, model.randoms, scale, f"{task}, {name}"))
            for name, model in zip(data.models, models, strict=True)
        ]
        figures.append((task, pictures))
    return figures


def map_figures(text_map: TextMap, models: Sequence[str]) -> list[Figure]:
    """Return the map of each model."""
    return [
        Figure(
            name,
            "",
            scatter_chart(places, text_map.is_document, text_map.pairs, f"Map of {len(text_map.texts)} texts, {name}"),
        )
        for name, places in zip(models, text_map.layouts, strict=True)
    ]


def _dot_plot(title: str, rows: Sequence[ScoreRow], marks: Sequence[Sequence[Mark]], *, signed: bool) -> DotPlot:
    ends = [100 * end for row in marks for mark in row for end in _ends(mark.interval)]
    scale = Scale.over([*ends, 0.0] if signed else ends, margin=0.05)
    return DotPlot(
        title,
        "points, with 95 % intervals",
        [_dot_row(row, its, scale, signed) for row, its in zip(rows, marks, strict=True)],
        axis_chart(scale),
    )


def _dot_row(row: ScoreRow, marks: Sequence[Mark], scale: Scale, signed: bool) -> Figure:
    value = points(marks[-1].interval.value, row.metric, signed)
    return Figure(row.name, value, interval_chart(marks, scale, row.name, signed=signed))


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.low, interval.value, interval.high


def _closer(model: Similarities) -> str:
    if model.closer is None:
        return ""
    return f"A pair that belongs together is closer than a random one in {100 * model.closer:.1f} % of cases."
