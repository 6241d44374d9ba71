"""A user's set, which needs no suite: a kind and a file, `sts:pairs.tsv`, `retrieval:folder`."""

from collections.abc import Mapping
from pathlib import Path

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Kind
from textcl.evaluation.kinds import is_kind, kind_named, no_kind
from textcl.evaluation.task import Task
from textcl.files.formats import plain_name
from textcl.files.rows import ColumnError


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
