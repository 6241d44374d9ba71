"""Scores as JSON: for each task and metric the value and its 95 % interval."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from textcl.atomic import new_file
from textcl.evaluation import Interval

Scores = Mapping[str, Mapping[str, Interval]]  # task -> metric -> score, 0–1


def write_report(path: Path, before: Scores, after: Scores, difference: Scores) -> None:
    """Write `report.json` of a run: scores before and after it, and their difference. It appears whole or not at all.

    Args:
        path: The file.
        before: Scores of the encoder that the run started from.
        after: Scores of the trained encoder.
        difference: `after` minus `before`, on the same items.
    """
    parts = {"before": before, "after": after, "difference": difference}
    _write(path, {name: as_json(scores) for name, scores in parts.items()})


def write_scores(path: Path, scores: Scores) -> None:
    """Write the scores of one model as `{task: {metric: {value, low, high}}}`. They appear whole or not at all."""
    _write(path, as_json(scores))


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


def _write(path: Path, content: object) -> None:
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
