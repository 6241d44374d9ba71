"""Runs side by side: their scores, their differences from the first, and the settings in which they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textcl.encoder.locate import export_location, find_folder, read_name
from textcl.errors import DataError
from textcl.evaluation.items import items_digest
from textcl.evaluation.significance import Difference, compared, refuse_other_items
from textcl.evaluation.task import Task
from textcl.files.yaml import read_yaml_file
from textcl.report.saved import Report, find_report, open_report
from textcl.report.scores import Scores
from textcl.util.progress import SILENT, Progress

_ABSENT = "-"


@dataclass(frozen=True, slots=True)
class RunScores:
    """The scores of a run, and its differences from the first run; the first has none."""

    name: str
    scores: Scores
    difference: Mapping[str, Mapping[str, Difference]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs, and the settings that are not the same in all their recipes: setting -> its value in each run."""

    runs: tuple[RunScores, ...]
    settings: Mapping[str, tuple[str, ...]]


def compare_runs(names: Sequence[str], progress: Progress = SILENT) -> Comparison:
    """Compare runs by what their reports hold; no model is opened.

    Args:
        names: Run folders, `report.json` files, or JSON files of `evaluate`.
        progress: Gets the progress, a task a phase.

    Raises:
        DataError: A name stands for no report, two runs share no task, or a task's data is not the same.
    """
    paths = [_report_file(name) for name in names]
    if len(names) < 2 or len(set(paths)) < len(paths):
        raise DataError(f"There is nothing to compare in {', '.join(names)}: name two or more different runs.")
    first, *others = [open_report(path, name) for path, name in zip(paths, names, strict=True)]
    runs = [RunScores(first.name, first.scores, {})]
    for other in others:
        _refuse_strangers(first, other)
        difference = compared(first.results, other.results, (first.name, other.name), progress)
        runs.append(RunScores(other.name, other.scores, difference))
    return Comparison(tuple(runs), _differing([_settings(path.parent / "recipe.yaml") for path in paths]))


def _report_file(name: str) -> Path:
    path = find_report(name)
    if path is None:
        raise DataError(
            f"{name} is no report: a run folder holds report.json if its recipe has evaluation.after, and "
            f"textcl evaluate {name} SUITE --json FILE writes one of any model."
        )
    return path


def _refuse_strangers(first: Report, other: Report) -> None:
    if not first.results.keys() & other.results.keys():
        raise DataError(
            f"{first.name} and {other.name} have no task in common: {', '.join(first.results)}; "
            f"{', '.join(other.results)}. Score both on one suite with textcl evaluate MODEL SUITE --json FILE."
        )


def _settings(recipe: Path) -> dict[str, str]:
    """Return a recipe's settings under dotted names; none where there is no recipe, as beside a JSON of `evaluate`."""
    return flat_settings(read_yaml_file(recipe)) if recipe.is_file() else {}


def flat_settings(value: object, location: str = "") -> dict[str, str]:
    """Return the settings in a value of a recipe under dotted names, each as it is written.

    Args:
        value: A recipe, or a part of it.
        location: Where the part stands.
    """
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        return {location: "null" if value is None else str(value)}
    return {
        name: text for key, part in parts for name, text in flat_settings(part, f"{location}.{key}".lstrip(".")).items()
    }


def _differing(settings: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the settings that are not equal among the runs that have a recipe."""
    known = [recipe for recipe in settings if recipe]
    names = dict.fromkeys(name for recipe in known for name in recipe)
    return {
        name: tuple(recipe.get(name, _ABSENT) for recipe in settings)
        for name in names
        if len({recipe.get(name) for recipe in known}) > 1
    }


def open_other(name: str, tasks: Sequence[Task]) -> Report | None:
    """Open the report of that name and make sure that it is of these tasks, before any model does any work.

    A JSON file is a report, and so is a run folder that holds one; all else is a model.

    Returns:
        The report; None where the name is a model's.

    Raises:
        DataError: The report lacks a task, or was made on other data.
        ModelError: There is neither such a report nor such a model.
    """
    path = find_report(name)
    if path is None:
        _find_model(name)
        return None
    report = open_report(path, name)
    way_out = f"name its model, {path.parent / 'model'}," if (path.parent / "model").is_dir() else "name a model"
    for task in tasks:
        if task.name not in report.results:
            held = f"the items of {', '.join(report.results)}" if report.results else "no items"
            raise DataError(
                f"{name} holds {held}, but not those of {task.name}. Leave that task out, or {way_out} "
                "to have it scored now."
            )
        refuse_other_items(task.name, (report.results[task.name].items, items_digest(task)), (name, "this run's task"))
    return report


def _find_model(name: str) -> None:
    wanted = read_name(name)
    folder = find_folder(wanted.model, wanted.export)
    if wanted.export is not None:
        export_location(folder, wanted.export)
