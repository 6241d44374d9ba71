"""What a model is compared with: a report that was written before, or a model that is scored now."""

from collections.abc import Sequence

from textcl.encoder.exports import export_place, read_name
from textcl.encoder.places import find_folder
from textcl.errors import DataError
from textcl.evaluation import Task, items_digest, refuse_other_items
from textcl.report import Report, find_report, open_report


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
        export_place(folder, wanted.export)
