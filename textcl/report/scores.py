"""Scores as JSON: for each task and metric the value and its 95 % interval."""

import math
from collections.abc import Mapping
from pathlib import Path

from textcl.evaluation import Interval, Leakage
from textcl.report.files import write_json
from textcl.report.leakage import leakage_json

Scores = Mapping[str, Mapping[str, Interval]]  # task -> metric -> score, 0–1


def write_report(
    path: Path, before: Scores, after: Scores, difference: Scores, leakage: Mapping[str, Leakage] | None = None
) -> None:
    """Write `report.json` of a run: scores before and after it, and their difference. It appears whole or not at all.

    Args:
        path: The file.
        before: Scores of the encoder that the run started from.
        after: Scores of the trained encoder.
        difference: `after` minus `before`, on the same items.
        leakage: What of the tasks stands in the training text; None: nobody looked.
    """
    parts = {"before": before, "after": after, "difference": difference}
    content: dict[str, object] = {name: as_json(scores) for name, scores in parts.items()}
    write_json(path, content if leakage is None else {**content, "leakage": leakage_json(leakage)})


def write_scores(path: Path, scores: Scores) -> None:
    """Write the scores of one model as `{task: {metric: {value, low, high}}}`. They appear whole or not at all."""
    write_json(path, as_json(scores))


def as_json(scores: Scores) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return scores as JSON knows them: a score that does not exist (NaN) is null."""
    return {
        task: {metric: _interval(interval) for metric, interval in metrics.items()} for task, metrics in scores.items()
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else value
        for name, value in (("value", interval.value), ("low", interval.low), ("high", interval.high))
    }
