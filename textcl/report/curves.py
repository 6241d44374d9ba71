"""The curves of a run: which numbers of its logs are drawn, and what each means."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from textcl.report.charts import Curve

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
_STEP_FIELDS = ("loss", "rows_per_second", "learning_rate", "gradient_norm")
Lines = Sequence[Mapping[str, Any]]


def run_curves(log: Lines, evaluations: Lines) -> list[Curve]:
    """Return the curves worth a look: scores on the way next to the loss, then the monitor's readings."""
    read: dict[str, list[tuple[int, float]]] = {}
    for line in log:
        numbers = {name: line[name] for name in _STEP_FIELDS if name in line} | dict(line.get("readings") or {})
        numbers |= {f"loss: {name}": value for name, value in (line.get("terms") or {}).items()}
        _add(read, line, numbers)
    scores: dict[str, list[tuple[int, float]]] = {}
    for line in evaluations:
        _add(scores, line, {name: 100 * line[name] for name in _main(line) if line[name] is not None})
    curves = [_curve(name, "score on the way; higher is better", points) for name, points in scores.items()]
    known = [name for name in _FIRST if name in read]
    others = [name for name in read if name not in _FIRST]
    drawn = [_curve(name.replace("_", " "), _FIRST.get(name, ""), read[name]) for name in known + others]
    return drawn[:1] + curves + drawn[1:]


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
