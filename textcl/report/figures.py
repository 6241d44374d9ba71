"""The figures of a page: what is drawn of scores, curves, cosines and maps, and what is written beside each."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from textcl.evaluation.kinds import metric_named
from textcl.evaluation.significance import Interval
from textcl.report.charts.axes import Scale, across, foot, opened, plot
from textcl.report.charts.points import Mark, axis_chart, interval_chart, scatter_chart
from textcl.report.page_data import PageData, Similarities, TextMap
from textcl.report.score_rows import ScoreRow, few, main_rows, number, points

HEIGHT = 150
Counts = Sequence[int]


def histogram_chart(positives: Counts, randoms: Counts, scale: Scale, label: str) -> Markup:
    """Return the picture of both, each scaled to its own highest bin, as there are more of one than of the other.

    Args:
        positives: Counts of equal bins from -1 to 1; drawn filled. It may have no pairs.
        randoms: The same of random pairs; drawn as a dashed outline.
        scale: The cosines at both ends of the picture.
        label: What it shows, in words.
    """
    return (
        opened(HEIGHT, label, "histogram")
        + plot(HEIGHT)
        + _steps(positives, scale, "positives")
        + _steps(randoms, scale, "randoms")
        + Markup("</svg>")
        + Markup('<line class="base" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(HEIGHT - 22)
        + foot(scale, HEIGHT)
        + Markup("</svg>")
    )


def occupied(histograms: Sequence[Counts]) -> Scale:
    """Return the part of -1 to 1 in which any histogram has pairs, to the next tenth."""
    bins = len(histograms[0])
    filled = [number for number in range(bins) if any(counts[number] for counts in histograms)] or [0, bins - 1]
    low, high = -1 + 2 * filled[0] / bins, -1 + 2 * (filled[-1] + 1) / bins
    return Scale(_floor(low), -_floor(-high))


def _floor(value: float) -> float:
    """Return the tenth at or below a value."""
    return round((value * 10 + 1e-9) // 1 / 10, 1)


def _steps(counts: Counts, scale: Scale, kind: str) -> Markup:
    highest = max(counts)
    if not highest:
        return Markup("")
    shown = [position for position, count in enumerate(counts) if count]
    positions = [f"{_edge(shown[0], counts, scale):g},1000"]
    for position in range(shown[0], shown[-1] + 1):
        height = round(1000 * (1 - counts[position] / highest), 1)
        positions += [f"{_edge(side, counts, scale):g},{height:g}" for side in (position, position + 1)]
    positions.append(f"{_edge(shown[-1] + 1, counts, scale):g},1000")
    return Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(positions))


def _edge(number: int, counts: Counts, scale: Scale) -> float:
    """Return where the left edge of a bin lies in the plot."""
    return round(1000 * scale.share(-1 + 2 * number / len(counts)), 1)


HEIGHT = 170
_LEFT = 0.12  # of the width
_POINTS = 240  # of a line; a longer run is averaged down to so many
Point = tuple[float, float, float, float]  # step, mean, lowest, highest


@dataclass(frozen=True, slots=True)
class Curve:
    """What was read on some steps."""

    title: str
    hint: str  # what it means, in a few words
    steps: tuple[int, ...]
    values: tuple[float, ...]
    unit: str = "step"  # of what the steps count

    @property
    def summary(self) -> str:
        """The first and the last value, in words: what the picture says to those who do not see it."""
        return f"{number(self.values[0])} → {number(self.values[-1])}"


def curve_chart(curve: Curve) -> Markup:
    """Return the picture of a curve of one or more points."""
    points = _thinned(curve.steps, curve.values)
    x = _x_scale([step for step, *_ in points])
    y = Scale.over([value for _, _, *ends in points for value in ends], margin=0.06)
    label = f"{curve.title}: {curve.summary}, {curve.unit} {curve.steps[0]} to {curve.steps[-1]}"
    ends = list(dict.fromkeys([float(curve.steps[0]), float(curve.steps[-1])]))
    drawn = [(_wide(x, step), _high(y, value)) for step, value, *_ in points]
    return (
        opened(HEIGHT, label, "curve")
        + across(y, HEIGHT)
        + plot(HEIGHT)
        + _band(points, x, y)
        + _line(drawn, points, curve.unit)
        + Markup("</svg>")
        + foot(x, HEIGHT, ends)
        + Markup("</svg>")
    )


def _x_scale(steps: Sequence[float]) -> Scale:
    """Return the axis of the steps, with room on the left for what is written on the lines across."""
    across = Scale.over(steps)
    return Scale(across.low - _LEFT * (across.high - across.low), across.high)


def _line(drawn: Sequence[tuple[float, float]], points: Sequence[Point], unit: str) -> Markup:
    """Return the line, the values it runs through beside it; a single point is a short dash."""
    positions = drawn if len(drawn) > 1 else [(490.0, drawn[0][1]), (510.0, drawn[0][1])]
    return Markup('<polyline class="line" data-unit="{}" data-steps="{}" data-values="{}" points="{}"/>').format(
        unit,
        " ".join(f"{step:g}" for step, *_ in points),
        " ".join(number(value) for _, value, *_ in points),
        " ".join(f"{across:g},{down:g}" for across, down in positions),
    )


def _band(points: Sequence[Point], x: Scale, y: Scale) -> Markup:
    if all(low == high for *_, low, high in points):
        return Markup("")
    upper = [f"{_wide(x, step):g},{_high(y, high):g}" for step, _, _, high in points]
    lower = [f"{_wide(x, step):g},{_high(y, low):g}" for step, _, low, _ in reversed(points)]
    return Markup('<polygon class="band" points="{}"/>').format(" ".join(upper + lower))


def _thinned(steps: Sequence[int], values: Sequence[float]) -> list[Point]:
    size = math.ceil(len(steps) / _POINTS)
    parts = [(steps[start : start + size], values[start : start + size]) for start in range(0, len(steps), size)]
    return [(sum(at) / len(at), sum(read) / len(read), min(read), max(read)) for at, read in parts]


def _wide(scale: Scale, step: float) -> float:
    return round(1000 * scale.share(step), 1)


def _high(scale: Scale, value: float) -> float:
    return round(1000 * (1 - scale.share(value)), 1)


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
    rows = [row for row in rows if metric_named(row.metric).is_share]  # which share no axis with the others
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
            scatter_chart(positions, _kinds(text_map), text_map.pairs, f"Map of {len(text_map.texts)} texts, {name}"),
        )
        for name, positions in zip(models, text_map.layouts, strict=True)
    ]


_COLOURS = 10  # that the page's style has for groups of a map


def _kinds(text_map: TextMap) -> list[str]:
    """Return the class that draws each text."""
    if text_map.groups:
        return [f"document g{group}" if 0 <= group < _COLOURS else "query" for group in text_map.groups]
    return ["document" if document else "query" for document in text_map.is_document]


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


_FIRST = {
    "loss": "what training lowers",
    "alignment": "squared distance of a row's two views; lower is closer",
    "uniformity": "how evenly different texts spread; lower is more even",
    "effective_rank": "dimensions in use; a fall to few is a collapse",
    "mean_cosine": "of different texts; near 1 is a collapse",
    "rows_per_second": "throughput, over all processes",
    "learning_rate": "warm-up, then the schedule",
    "gradient_norm": "before clipping",
}
_STEP_FIELDS = ("rows_per_second", "learning_rate", "gradient_norm")
Lines = Sequence[Mapping[str, Any]]


def run_curves(log: Lines, evaluations: Lines) -> list[Curve]:
    """Return the curves worth a look: scores on the way next to the loss, then the monitor's readings."""
    read: dict[str, list[tuple[int, float]]] = {}
    for line in log:
        _add(read, line, _numbers(line))
    scores: dict[str, list[tuple[int, float]]] = {}
    for line in evaluations:
        _add(scores, line, {name: 100 * line[name] for name in _main(line) if line[name] is not None})
    curves = [_curve(name, "score on the way; higher is better", points) for name, points in scores.items()]
    names = sorted(read, key=_position)  # which keeps the order of names of one position
    losses = [name for name in names if _number_of(name) == "loss"]
    drawn = {name: _curve(name.replace("_", " "), _FIRST.get(_number_of(name), ""), read[name]) for name in names}
    return [drawn.pop(name) for name in losses] + curves + list(drawn.values())


def _numbers(line: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a step by the names of their curves; what depends on the source is a curve of its own."""
    own = {"loss": line["loss"]} if "loss" in line else {}
    own |= {f"loss: {name}": value for name, value in (line.get("terms") or {}).items()}
    read = dict(line.get("readings") or {})
    own |= {name: value for name, value in read.items() if " " not in name}  # an objective's name is no source's matter
    source = f"{line['source']}: " if line.get("source") else ""
    run = {name: line[name] for name in _STEP_FIELDS if name in line} | read
    return {name: value for name, value in run.items() if name not in own} | {
        f"{source}{name}": value for name, value in own.items()
    }


def _number_of(name: str) -> str:
    """Return what a curve shows, without the source that it is of."""
    return name.rpartition(": ")[2] if name.rpartition(": ")[2] in _FIRST else name


def _position(name: str) -> int:
    known = list(_FIRST)
    return known.index(_number_of(name)) if _number_of(name) in known else len(known)


def _main(line: Mapping[str, Any]) -> Iterable[str]:
    """Return the first `task/metric` of each task."""
    names = [name for name in line if name != "step"]
    return {name.rpartition("/")[0]: name for name in reversed(names)}.values()


def _add(read: dict[str, list[tuple[int, float]]], line: Mapping[str, Any], numbers: Mapping[str, float]) -> None:
    for name, value in numbers.items():
        if math.isfinite(value):
            read.setdefault(name, []).append((int(line["step"]), float(value)))


def _curve(title: str, hint: str, points: Sequence[tuple[int, float]]) -> Curve:
    return Curve(title, hint, tuple(step for step, _ in points), tuple(value for _, value in points))
