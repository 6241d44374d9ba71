"""Suites of tasks: YAML files that say which tasks there are and where their data lies.

A user's set needs no suite: it is named by a kind and a file, `sts:pairs.tsv`, `retrieval:folder`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from textcl.errors import DataError, RecipeError, suggestion
from textcl.evaluation.average import Average
from textcl.evaluation.items import items_digest
from textcl.evaluation.kind import Files, Kind, SuiteSection, TaskEntry
from textcl.evaluation.kinds import is_kind, kind_named, no_kind
from textcl.evaluation.task import Task
from textcl.files.formats import plain_name
from textcl.files.rows import ColumnError
from textcl.files.yaml import read_yaml_file
from textcl.util import installed as shelf


@dataclass(frozen=True, slots=True)
class Suite:
    """A named list of tasks."""

    tasks: tuple[TaskEntry, ...]
    average: str | None = None  # a metric of all tasks, to be averaged over them as a task of its own


class _SuiteFile(SuiteSection):
    """What a suite file holds; what an entry may hold is up to its kind."""

    description: str
    average: str | None = None
    tasks: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]  # `Any`: not checked yet


def load_suite(name_or_path: str, data_dir: Path | None = None) -> list[Task]:
    """Load the tasks of a suite.

    Args:
        name_or_path: A bundled suite, `sts`, or a path, `./mine.yaml`.
        data_dir: A folder of local files; without it the data comes from the Hub.

    Raises:
        DataError: There is no such suite, it has an error, or its data is missing or invalid.
    """
    path = _suite_file(name_or_path)
    files = Files(path.parent, data_dir)
    suite = read_suite(path)
    tasks = [_task(entry, files, path) for entry in suite.tasks]
    return tasks if suite.average is None else [*tasks, Average(f"{path.stem}-average", tasks, suite.average)]


def read_suite(path: Path) -> Suite:
    """Read a suite file and check it, without touching any data."""
    try:
        file = _SuiteFile.model_validate(read_yaml_file(path))
    except RecipeError as error:
        raise DataError(str(error)) from error
    except ValidationError as error:
        raise DataError(f"{path} is not a suite. " + "; ".join(_messages(error))) from error
    entries, errors = [], []
    for number, fields in enumerate(file.tasks):
        try:
            entries.append(kind_named(str(fields.get("kind"))).entry.model_validate(fields))
        except DataError as error:
            errors.append(f"tasks.{number}.kind: {error}")
        except ValidationError as error:
            errors += _messages(error, f"tasks.{number}.")
    if errors:
        raise DataError(f"{path} is not a suite. " + "; ".join(errors))
    return Suite(tuple(entries), file.average)


def _messages(error: ValidationError, location: str = "") -> list[str]:
    return [f"{location}{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]


def _task(entry: TaskEntry, files: Files, path: Path) -> Task:
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
            "a user's suite is given by its path, ending in .yaml, and a user's set with its kind: sts:FILE."
        )
    return folder / f"{name_or_path}.yaml"


def load_tasks(
    names: Sequence[str], data_dir: Path | None = None, columns: Mapping[str, str] | None = None
) -> list[Task]:
    """Load the tasks of suites and of users' sets.

    A task that stands in several suites is loaded once.

    Args:
        names: Bundled suites, paths of suites, and users' sets as `sts:FILE`, tasks of mteb as `mteb:STSBenchmark`.
        data_dir: A folder of local files for the suites; without it their data comes from the Hub.
        columns: For users' sets: what a column is for (`first`, `score`) to its name in the file; None: the caller has
            no options for it.

    Raises:
        DataError: There is no such suite or kind, two sets have one name, or data is missing or invalid.
    """
    _check_columns(names, columns or {})
    tasks: dict[str, Task] = {}
    sets: dict[str, str] = {}  # task of a user's set -> the name that it was given by
    for name in dict.fromkeys(names):
        is_set = is_user_set(name)
        for task in [user_task(name, columns)] if is_set else _suite(name, data_dir):
            if task.name in sets or (task.name in tasks and is_set):
                other = sets.get(task.name, "a suite's task")
                raise DataError(
                    f"{name} and {other} are both named '{task.name}', and scores are kept by name. Rename one file."
                )
            if task.name in tasks and items_digest(task) != items_digest(tasks[task.name]):
                raise DataError(f"{name}: two tasks of other data are named '{task.name}'; scores are kept by name.")
            tasks[task.name] = task
            sets |= {task.name: name} if is_set else {}
    return list(tasks.values())


def _suite(name: str, data_dir: Path | None) -> list[Task]:
    if ":" in name and not name.endswith((".yaml", ".yml")):
        raise unknown_kind(name)
    return load_suite(name, data_dir)


def _check_columns(names: Sequence[str], columns: Mapping[str, str]) -> None:
    """Refuse a name of a column that nothing reads."""
    known = {role for name in names if is_user_set(name) for role in kind_named(name.partition(":")[0]).columns}
    for role in columns:
        if role not in known:
            takes = ", ".join(map(column_option, sorted(known)))
            raise DataError(
                f"{column_option(role)} is for users' sets, as in sts:FILE, and none of those named reads it. "
                + (f"They take {takes}." if takes else "A suite names its columns in its file.")
            )


def is_user_set(spec: str) -> bool:
    """Say whether a name is that of a user's set, `sts:FILE`; `pairs` without a colon is a suite."""
    kind, colon, _ = spec.partition(":")
    return bool(colon) and is_kind(kind)


def user_task(spec: str, columns: Mapping[str, str] | None) -> Task:
    """Load a user's set under the name of its file.

    Args:
        spec: `sts:FILE`; the set is read as the entry of a suite would be.
        columns: What a column is for (`first`, `score`) to its name in the file, where it is not the kind's own; those
            that the kind does not read are passed over. None: columns cannot be named here, and errors say what else
            can be done.

    Raises:
        DataError: A file is missing, or a row of it is not as the kind needs it.
    """
    name, _, value = spec.partition(":")
    kind = kind_named(name)
    fields = {"kind": name, **_fields(kind, value)}
    named = {role: column for role, column in (columns or {}).items() if role in kind.columns}
    try:
        return kind.entry.model_validate({**fields, "columns": named} if named else fields).task(Files(Path(), Path()))
    except ColumnError as error:
        known = kind.columns | named
        roles = [role for role, column in known.items() if column == error.column]
        way_out = _way_out(kind, fields, roles[0], columns is not None) if roles else ""
        raise DataError(f"{error} {way_out}".rstrip()) from error


def column_option(role: str) -> str:
    """Return the option that names a column of a user's set, by what the column is for: `--first-column`."""
    return f"--{role.replace('_', '-')}-column"


def unknown_kind(spec: str) -> DataError:
    """Return the error for a name with a colon that is no set of a known kind."""
    name = spec.partition(":")[0]
    file = spec if len(name) == 1 else "FILE"  # a letter alone is a drive of Windows
    return DataError(f"{spec}: {no_kind(name)} A user's set is named by its kind and its file, as in sts:{file}.")


def _fields(kind: Kind, value: str) -> dict[str, str]:
    """Return the fields of the entry that what follows the colon fills; several values have commas between them."""
    values = [part.strip() for part in value.split(",")] if len(kind.takes) > 1 else [value.strip()]
    if not all(values):
        raise DataError(f"{kind.name}:{value} is not complete; write {kind.usage}.")
    if len(values) != len(kind.takes):
        raise DataError(
            f"{kind.name}:{value} names {len(values)} of the {len(kind.takes)} files that it takes; write {kind.usage}."
        )
    if not kind.reads_files:
        return dict(zip(kind.takes, values, strict=True))
    paths = [Path(part).expanduser() for part in values]
    files = {field: str(path.absolute()) for field, path in zip(kind.takes, paths, strict=True)}
    return {"name": _name(paths[-1]), **files}


def _name(path: Path) -> str:
    """Return the name of a file without its endings, or that of a folder; of a split's judgements with its folder's."""
    if path.is_dir():
        return path.name if path.name not in ("", "..") else path.resolve().name
    name = plain_name(path).stem
    return f"{path.parent.parent.name}-{name}" if path.parent.name == "qrels" else name


def _way_out(kind: Kind, fields: Mapping[str, str], role: str, by_option: bool) -> str:
    """Say how the column for this role can be named."""
    if by_option:
        return f"Name the right one with {column_option(role)}."
    entry = ", ".join(f"{name}: {value}" for name, value in fields.items())
    return f"Rename the column, or name it in a suite: tasks: [{{{entry}, columns: {{{role}: NAME}}}}]."
