"""A user's own set, which needs no suite: `sts:pairs.tsv`, `retrieval:folder`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from textcl.errors import DataError, suggestion
from textcl.evaluation.data_places import Files, SuiteSection
from textcl.evaluation.kinds import Entry
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.bitext import BitextEntry
from textcl.evaluation.tasks.classification import ClassificationEntry
from textcl.evaluation.tasks.clustering import ClusteringEntry
from textcl.evaluation.tasks.geometry import GeometryEntry
from textcl.evaluation.tasks.pair_classification import PairsEntry
from textcl.evaluation.tasks.reranking import RerankingEntry
from textcl.evaluation.tasks.retrieval import RetrievalEntry
from textcl.evaluation.tasks.sts import STSEntry
from textcl.files.rows import ColumnError, plain_name

# A kind, its class, and the fields of it that take the files named, in their order.
_KINDS: dict[str, tuple[type[SuiteSection], tuple[str, ...]]] = {
    "sts": (STSEntry, ("local",)),
    "retrieval": (RetrievalEntry, ("local",)),
    "pairs": (PairsEntry, ("local",)),
    "reranking": (RerankingEntry, ("local",)),
    "bitext": (BitextEntry, ("local",)),
    "clustering": (ClusteringEntry, ("local",)),
    "classification": (ClassificationEntry, ("train", "test")),
    "geometry": (GeometryEntry, ("local",)),
}
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def is_own(spec: str) -> bool:
    """Say whether a name is that of a user's own set, `sts:FILE`; `pairs` without a colon is a suite."""
    kind, colon, _ = spec.partition(":")
    return bool(colon) and kind in _KINDS


def own_task(spec: str, columns: Mapping[str, str]) -> Task:
    """Load a user's own set under the name of its file.

    Args:
        spec: `sts:FILE`; the set is read as the entry of a suite would be.
        columns: What a column is for (`first`, `score`) to its name in the file, where it is not the kind's own; those
            that the kind does not read are passed over.

    Raises:
        DataError: A file is missing, or a row of it faulty.
    """
    kind, _, value = spec.partition(":")
    paths = _paths(kind, value)
    known = column_options(spec)
    fields = {"kind": kind, "name": _name(paths[-1])}
    fields |= {field: str(path.absolute()) for field, path in zip(_KINDS[kind][1], paths, strict=True)}
    named = {role: name for role, name in columns.items() if role in known}
    entry = _ENTRY.validate_python({**fields, "columns": named} if named else fields)
    try:
        return entry.task(Files(Path(), Path()))
    except ColumnError as error:
        raise DataError(
            f"{error} {_way_out({role: named.get(role, own) for role, own in known.items()}, error)}"
        ) from error


def column_options(spec: str) -> dict[str, str]:
    """Return what the columns of a kind are for, each with the name that it has unless another is given."""
    columns = _KINDS[spec.partition(":")[0]][0].model_fields.get("columns")
    return {} if columns is None else columns.default.model_dump()


def unknown_kind(spec: str) -> DataError:
    """Return the error for a name with a colon that is no set of a known kind."""
    kind = spec.partition(":")[0]
    return DataError(
        f"{spec}: there is no kind of task '{kind}'.{suggestion(kind, _KINDS)} A set of your own is named with one of "
        f"{', '.join(_KINDS)}, as in sts:{spec if len(kind) == 1 else 'FILE'}."
    )


def _paths(kind: str, value: str) -> list[Path]:
    """Return the files of a set; a kind that takes several has commas between them."""
    wanted = len(_KINDS[kind][1])
    names = value.split(",") if wanted > 1 else [value]
    if not all(name.strip() for name in names):
        raise DataError(f"{kind}:{value} names no file; write {kind}:{','.join(['FILE'] * wanted)}.")
    if len(names) != wanted:
        raise DataError(f"{kind}:{value} names {len(names)} files with a comma between them; {kind} takes {wanted}.")
    return [Path(name.strip()).expanduser() for name in names]


def _name(path: Path) -> str:
    """Return the name of a file without its endings, or that of a folder."""
    if path.is_dir():
        return path.name if path.name not in ("", "..") else path.resolve().name
    return plain_name(path).stem


def _way_out(columns: Mapping[str, str], error: ColumnError) -> str:
    roles = [role for role, name in columns.items() if name == error.column]
    return f"Name the right one with --{roles[0]}-column." if roles else ""
