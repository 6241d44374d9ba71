"""The tasks that a user asks for: suites by name or path, and sets of their own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from textcl.errors import DataError
from textcl.evaluation.mteb_task import MTEB
from textcl.evaluation.own import column_options, is_own, own_task, unknown_kind
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Task


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
