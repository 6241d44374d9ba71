"""Suites of tasks: YAML files that say which tasks there are and where their data lies."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from textcl import shelf
from textcl.errors import DataError, suggestion
from textcl.evaluation.hub import hub_rows
from textcl.evaluation.local import json_rows, tsv_rows
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.rows import Row, documents, graded_pairs, judgements, queries
from textcl.evaluation.schema import RetrievalEntry, STSEntry, Suite
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.task import Task


def load_suite(name_or_path: str, data_dir: Path | None = None) -> list[Task]:
    """Load the tasks of a suite.

    Args:
        name_or_path: A bundled suite, `sts`, or a path, `./mine.yaml`.
        data_dir: A folder of local files; without it the data comes from the Hub.

    Raises:
        DataError: No such suite, a fault in it, or its data is missing or faulty.
    """
    path = _suite_file(name_or_path)
    tasks: list[Task] = []
    for entry in read_suite(path).tasks:
        if isinstance(entry, STSEntry):
            tasks.append(_sts(entry, path.parent, data_dir))
        else:
            tasks.append(_retrieval(entry, data_dir))
    return tasks


def read_suite(path: Path) -> Suite:
    """Read a suite file and check it, without touching any data."""
    try:
        return Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DataError(f"{path} is not a suite. " + "; ".join(faults)) from error


def ends_digest(pairs: Sequence[GradedPair]) -> str:
    """Return a digest of the texts of the first and the last pair, case and white space aside."""
    ends = (pairs[0].first, pairs[0].second, pairs[-1].first, pairs[-1].second)
    folded = "\n".join(" ".join(text.casefold().split()) for text in ends)
    return hashlib.sha256(folded.encode()).hexdigest()[:16]


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
            "a file of your own is given by its path, ending in .yaml."
        )
    return folder / f"{name_or_path}.yaml"


def _sts(entry: STSEntry, suite_folder: Path, data_dir: Path | None) -> STS:
    pairs = graded_pairs(
        _sts_rows(entry, suite_folder, data_dir), entry.columns.first, entry.columns.second, entry.columns.score
    )
    if len(pairs) < 2:
        raise DataError(f"{entry.name}: {len(pairs)} pairs; a correlation needs at least two.")
    if entry.ends is not None and ends_digest(pairs) != entry.ends:
        raise DataError(
            f"{entry.name}: the {len(pairs)} pairs read are not the set that this suite means: "
            "the first and the last differ. "
            "Name a folder that holds the right file with --data-dir."
        )
    return STS(entry.name, pairs)


def _sts_rows(entry: STSEntry, suite_folder: Path, data_dir: Path | None) -> Iterator[Row]:
    if entry.bundled is not None:
        return json_rows(suite_folder / entry.bundled)
    if data_dir is not None and entry.local is not None:
        return json_rows(data_dir / entry.local)
    if data_dir is None and entry.hub is not None:
        return hub_rows(entry.hub.id, entry.hub.revision, entry.hub.split)
    raise _no_data(entry, data_dir)


def _retrieval(entry: RetrievalEntry, data_dir: Path | None) -> Retrieval:
    if data_dir is not None and entry.local is not None:
        folder = data_dir / entry.local
        corpus = json_rows(folder / "corpus.jsonl")
        asked = json_rows(folder / "queries.jsonl")
        qrels = tsv_rows(folder / "qrels.tsv")
    elif data_dir is None and entry.hub is not None:
        dataset, revision = entry.hub.id, entry.hub.revision
        corpus = hub_rows(dataset, revision, "corpus", "corpus")
        asked = hub_rows(dataset, revision, "queries", "queries")
        qrels = hub_rows(dataset, revision, entry.hub.split, "default")
    else:
        raise _no_data(entry, data_dir)
    return Retrieval(entry.name, documents(corpus), queries(asked), judgements(qrels), drops_self=entry.drops_self)


def _no_data(entry: STSEntry | RetrievalEntry, data_dir: Path | None) -> DataError:
    if data_dir is None:
        return DataError(f"{entry.name}: the suite names no data set on the Hub; name a folder with --data-dir.")
    return DataError(f"{entry.name}: the suite names no local file; leave --data-dir out to load it from the Hub.")
