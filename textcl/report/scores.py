"""Scores as JSON: for each task and metric the value and its 95 % interval; and beside it their items."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from textcl.evaluation.items import Result
from textcl.evaluation.leakage import Leakage
from textcl.evaluation.significance import Difference, Interval
from textcl.evaluation.stored import write_samples
from textcl.report.leakage import leakage_json
from textcl.util.atomic import write_json

Scores = Mapping[str, Mapping[str, Interval]]  # task -> metric -> score, 0–1
Differences = Mapping[str, Mapping[str, Difference]]
Figures = dict[str, Any]  # what JSON holds of a score: numbers or null, words, and such mappings


def write_report(
    path: Path,
    before: Scores,
    after: Scores,
    difference: Scores,
    leakage: Mapping[str, Leakage] | None = None,
    limits: Mapping[str, str] | None = None,
) -> None:
    """Write `report.json` of a run: scores before and after it, and their difference. It appears whole or not at all.

    A `Difference` has its p-value and its verdict with it.

    Args:
        path: The file.
        before: Scores of the encoder that the run started from.
        after: Scores of the trained encoder.
        difference: `after` minus `before`, on the same items.
        leakage: What of the tasks stands in the training text; None: nobody looked.
        limits: What the scores of a task cannot tell.
    """
    parts = {"before": before, "after": after, "difference": difference}
    content: dict[str, object] = {name: as_json(scores) for name, scores in parts.items()}
    content |= {"limits": dict(limits)} if limits else {}
    write_json(path, content if leakage is None else {**content, "leakage": leakage_json(leakage)})


def write_scores(path: Path, scores: Scores, other: Scores | None = None, difference: Scores | None = None) -> None:
    """Write the scores of one model as `{task: {metric: {value, low, high}}}`. They appear whole or not at all.

    Args:
        path: The file.
        scores: Scores of the model.
        other: Scores of another model, which join each score as `against`.
        difference: `scores` minus `other`, on the same items, which joins each score as `difference`.
    """
    content = as_json(scores)
    for name, more in (("against", other), ("difference", difference)):
        for task, metrics in as_json(more or {}).items():
            for metric, figures in metrics.items():
                if metric in content.get(task, {}):
                    content[task][metric][name] = figures
    write_json(path, content)


def write_comparison(
    path: Path,
    names: Sequence[str],
    scores: Sequence[Scores],
    differences: Sequence[Scores],
    settings: Mapping[str, Sequence[str]],
) -> None:
    """Write runs side by side: `{runs: {name: {scores, difference}}, settings: {setting: [value in each run]}}`."""
    runs = {
        name: {"scores": as_json(own), "difference": as_json(difference)}
        for name, own, difference in zip(names, scores, differences, strict=True)
    }
    write_json(path, {"runs": runs, "settings": {name: list(values) for name, values in settings.items()}})


def samples_path(path: Path) -> Path:
    """Return the file beside a JSON file of scores that holds the items: `scores.samples.npz` of `scores.json`."""
    return path.with_suffix(".samples.npz")


def write_items(path: Path, results: Mapping[str, Result]) -> None:
    """Write the items beside the scores at `path`, so that other models can be compared with this one."""
    write_samples(samples_path(path), results)


def as_json(scores: Scores) -> dict[str, dict[str, Figures]]:
    """Return scores as JSON knows them: a score that does not exist (NaN) is null."""
    return {
        task: {metric: _figures(interval) for metric, interval in metrics.items()} for task, metrics in scores.items()
    }


def _figures(interval: Interval) -> Figures:
    numbers = {"value": interval.value, "low": interval.low, "high": interval.high}
    if isinstance(interval, Difference):
        numbers["p"] = interval.p
    figures: Figures = {name: None if math.isnan(value) else value for name, value in numbers.items()}
    return figures | {"verdict": interval.verdict} if isinstance(interval, Difference) else figures


class Checked(BaseModel):
    """What is read of a mapping that textcl wrote; what else stands in it is left alone."""

    model_config = ConfigDict(strict=True)


class _Score(Checked):
    value: float | None
    low: float | None
    high: float | None


class _Change(_Score):
    p: float | None = None
    verdict: str | None = None


class _Copy(Checked):
    text: str
    found: str


class _Part(Checked):
    texts: int
    exact: int
    near: int
    share: float
    copies: list[_Copy] | None = None


class _Leak(Checked):
    """The parts of a task's texts, by their labels."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, _Part]

    pairs: Any = None  # of which neither the page nor the card tells


class ReportFile(Checked):
    """`report.json` of a run."""

    before: dict[str, dict[str, _Score]]
    after: dict[str, dict[str, _Score]]
    difference: dict[str, dict[str, _Change]]
    leakage: dict[str, _Leak] | None = None
    limits: dict[str, str] | None = None

    @model_validator(mode="after")
    def _all_scored(self) -> Self:
        """Refuse a difference between scores that are not there."""
        for task, metrics in self.difference.items():
            if any(metrics.keys() - scores.get(task, {}).keys() for scores in (self.before, self.after)):
                raise ValueError(f"scores of {task} before or after the run are missing")
        return self
