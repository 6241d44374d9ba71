"""Suites of tasks: YAML files that say which tasks there are and where their data lies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from textcl.errors import DataError, suggestion
from textcl.evaluation.data_places import Files, SuiteSection
from textcl.evaluation.kinds import Entry
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.average import Average
from textcl.evaluation.tasks.mteb import MTEB, mteb_task
from textcl.evaluation.user_sets import column_options, is_own, own_task, unknown_kind
from textcl.files.rows import ColumnError
from textcl.util import bundled as shelf


class Suite(SuiteSection):
    """A named list of tasks."""

    description: str
    average: str | None = None  # a metric of all tasks, to be averaged over them as a task of its own
    tasks: Annotated[tuple[Entry, ...], Field(min_length=1)]


def load_suite(name_or_path: str, data_dir: Path | None = None) -> list[Task]:
    """Load the tasks of a suite.

    Args:
        name_or_path: A bundled suite, `sts`, a path, `./mine.yaml`, or a task of mteb, `mteb:STSBenchmark`.
        data_dir: A folder of local files; without it the data comes from the Hub.

    Raises:
        DataError: No such suite, a fault in it, or its data is missing or faulty.
    """
    if name_or_path.startswith(MTEB):
        return [mteb_task(name_or_path)]
    path = _suite_file(name_or_path)
    files = Files(path.parent, data_dir)
    suite = read_suite(path)
    tasks = [_task(entry, files, path) for entry in suite.tasks]
    return tasks if suite.average is None else [*tasks, Average(f"{path.stem}-average", tasks, suite.average)]


def read_suite(path: Path) -> Suite:
    """Read a suite file and check it, without touching any data."""
    try:
        return Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DataError(f"{path} is not a suite. " + "; ".join(faults)) from error


def _task(entry: Entry, files: Files, path: Path) -> Task:
    try:
        return entry.task(files)
    except ColumnError as error:
        raise DataError(f"{error} `columns` of the task '{entry.name}' in {path.name} says which are read.") from error


def _suite_file(name_or_path: str) -> Path:
    if name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
        if not path.is_file():
            raise DataError(f"There is no suite file {path}.")
        return path
    folder = shelf.suites_folder()
    known = shelf.names(folder)
    if name_or_path not in known:
        raise DataError(
            f"There is no suite '{name_or_path}'.{suggestion(name_or_path, known)} Bundled are {', '.join(known)}; "
            "a suite of your own is given by its path, ending in .yaml, and a set of your own with its kind: sts:FILE."
        )
    return folder / f"{name_or_path}.yaml"


def load_tasks(
    names: Sequence[str], data_dir: Path | None = None, columns: Mapping[str, str] | None = None
) -> list[Task]:
    """Load the tasks of suites and of sets of a user's own.

    A task that stands in several suites is loaded once.

    Args:
        names: Bundled suites, paths of suites, tasks of mteb as `mteb:STSBenchmark`, and own sets as `sts:FILE`.
        data_dir: A folder of local files for the suites; without it their data comes from the Hub.
        columns: For own sets: what a column is for (`first`, `score`) to its name in the file.

    Raises:
        DataError: There is no such suite or kind, two sets have one name, or data is missing or faulty.
    """
    columns = columns or {}
    _check_columns(names, columns)
    tasks: dict[str, Task] = {}
    own: dict[str, str] = {}  # task -> the name it was asked for by
    for name in names:
        for task in [own_task(name, columns)] if is_own(name) else _suite(name, data_dir):
            if task.name in own or (task.name in tasks and is_own(name)):
                other = own.get(task.name, "a suite's task")
                raise DataError(
                    f"{name} and {other} are both named '{task.name}', and scores are kept by name. Rename one file."
                )
            tasks[task.name] = task
            own |= {task.name: name} if is_own(name) else {}
    return list(tasks.values())


def _suite(name: str, data_dir: Path | None) -> list[Task]:
    if ":" in name and not name.startswith(MTEB) and not name.endswith((".yaml", ".yml")):
        raise unknown_kind(name)
    return load_suite(name, data_dir)


def _check_columns(names: Sequence[str], columns: Mapping[str, str]) -> None:
    """Refuse a name of a column that nothing reads."""
    known = {role for name in names if is_own(name) for role in column_options(name)}
    for role in columns:
        if role not in known:
            takes = ", ".join(f"--{one}-column" for one in sorted(known))
            raise DataError(
                f"--{role}-column is for sets of your own, as in sts:FILE, and none of those named reads it. "
                + (f"They take {takes}." if takes else "A suite names its columns in its file.")
            )
