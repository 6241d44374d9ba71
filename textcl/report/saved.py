"""Reports that were written before, opened again: the scores, and beside them the items that they are made of."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.items import Result
from textcl.evaluation.significance import Interval
from textcl.evaluation.stored import read_samples
from textcl.report.scores import Scores, samples_path

_CLOSE = 1e-9  # scores as written, and as the items give them


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of a model and the outcomes that they are made of."""

    name: str
    scores: Scores
    results: Mapping[str, Result]


def find_report(name: str) -> Path | None:
    """Return the JSON file of a report: the file itself, or `report.json` of a run folder; None where it is neither."""
    path = Path(name).expanduser()
    if path.suffix == ".json":
        return path
    return path / "report.json" if (path / "report.json").is_file() else None


def open_report(path: Path, name: str) -> Report:
    """Open the JSON that `evaluate --json` wrote, or the `report.json` of a run, of which the scores after it count.

    Args:
        path: The JSON file; the items lie beside it.
        name: What the report is called in tables and messages.

    Raises:
        DataError: The file is missing or no report, its items are missing, or the two do not belong together.
    """
    scores = read_scores(path)
    samples = samples_path(path)
    if not samples.is_file():
        raise DataError(
            f"{path} holds scores without the items that they are made of ({samples.name} is not beside it), and "
            "a difference is taken item by item. Name the model in its place, or score it again with "
            "textcl evaluate MODEL SUITE --json FILE, which writes both."
        )
    results = read_samples(samples)
    if not _agree(scores, results):
        raise DataError(
            f"{path} and {samples.name} do not belong together: the items give other scores. Write both again "
            "with textcl evaluate MODEL SUITE --json FILE."
        )
    return Report(name, scores, results)


def read_scores(path: Path) -> Scores:
    """Read the scores of a report, those after it where it is of a run; their items are not asked for.

    Raises:
        DataError: The file cannot be read, or is no report.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content = content["after"] if _is_of_run(content) else content
        return {task: {name: _interval(value) for name, value in metrics.items()} for task, metrics in content.items()}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise DataError(
            f"{path} is no report of textcl: it must hold {{task: {{metric: {{value, low, high}}}}}}, as textcl "
            "evaluate --json writes it."
        ) from error


def _is_of_run(content: Mapping[str, Any]) -> bool:
    """Tell a run's report from one that has tasks of the names before and after. `Any`: read from JSON."""
    return {"before", "after"} <= content.keys() and not any("value" in metric for metric in content["after"].values())


def _interval(value: Mapping[str, Any]) -> Interval:
    return Interval(*(math.nan if value[name] is None else float(value[name]) for name in ("value", "low", "high")))


def _agree(scores: Scores, results: Mapping[str, Result]) -> bool:
    """Whether each score that both know is the same; another version may know more metrics."""
    if not results.keys() <= scores.keys():
        return False
    for task, result in results.items():
        values = result.sample.metrics(np.ones((1, result.sample.size)))
        written = {name: scores[task][name].value for name in values if name in scores[task]}
        if not all(np.isclose(values[name][0], value, 0, _CLOSE, equal_nan=True) for name, value in written.items()):
            return False
    return True
