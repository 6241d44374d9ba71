"""Outcomes of tasks on disk, item by item, so that a later model can be compared on the same items.

One `.npz` file of plain arrays: `sts12/predicted`, `scifact/per_item/ndcg@10`. Its `contents` is JSON, which says for
each task the kind of its sample, the digest of its items, and where each of the sample's fields lies.
"""

import dataclasses
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcl.atomic import new_file
from textcl.errors import DataError
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.task import Sample

# What can be kept: a frozen dataclass whose fields are arrays, or mappings of names to arrays. A new kind joins here.
KINDS: tuple[type[Any], ...] = (CorrelationSample, MeanSample)
Arrays = dict[str, NDArray[Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a task, and the digest of the items that it is about."""

    items: str
    sample: Sample


def write_samples(path: Path, results: Mapping[str, Result]) -> None:
    """Write the outcome of each task; the file appears whole or not at all.

    Raises:
        TypeError: A sample is of a kind that `KINDS` does not list.
    """
    arrays: Arrays = {}
    contents = {task: _describe(task, result, arrays) for task, result in results.items()}
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, contents=np.array(json.dumps(contents)), **arrays)


def read_samples(path: Path) -> dict[str, Result]:
    """Read what `write_samples` wrote.

    Raises:
        DataError: The file is missing, damaged, or of another make.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            contents = json.loads(str(file["contents"]))
            return {task: _restore(entry, file) for task, entry in contents.items()}
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there.") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} can not be read as outcomes of tasks ({type(error).__name__}: {error}). It is damaged, or written "
            "by another version of textcl: evaluate the model again."
        ) from error


def _describe(task: str, result: Result, arrays: Arrays) -> dict[str, object]:
    """Add a sample's arrays under names of their own, and return what is to be told about them."""
    sample: Any = result.sample  # one of KINDS, of which mypy knows no more
    if type(sample) not in KINDS:
        raise TypeError(f"{task}: {type(sample).__name__} is not among the kinds of samples that can be kept.")
    fields: dict[str, object] = {}
    for field in dataclasses.fields(sample):
        value = getattr(sample, field.name)
        if isinstance(value, Mapping):
            fields[field.name] = {name: f"{task}/{field.name}/{name}" for name in value}
            arrays.update({f"{task}/{field.name}/{name}": array for name, array in value.items()})
        else:
            fields[field.name] = f"{task}/{field.name}"
            arrays[f"{task}/{field.name}"] = value
    return {"kind": type(sample).__name__, "items": result.items, "fields": fields}


def _restore(entry: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Result:
    kind = next((kind for kind in KINDS if kind.__name__ == entry["kind"]), None)
    if kind is None:
        raise ValueError(f"it holds a {entry['kind']}")
    values = {
        name: {key: arrays[where] for key, where in place.items()} if isinstance(place, dict) else arrays[place]
        for name, place in entry["fields"].items()
    }
    return Result(entry["items"], kind(**values))
