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
    names = sorted(read, key=_place)  # which keeps the order of names of one place
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


def _place(name: str) -> int:
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
