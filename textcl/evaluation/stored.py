"""Outcomes of tasks on disk, item by item, so that a later model can be compared on the same items.

One `.npz` file of plain arrays: `sts12/predicted`, `scifact/per_item/ndcg@10`. Its `contents` is JSON, which says for
each task the digest of its items, the kind of its sample, and in which array each of the sample's fields lies.
"""

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textcl.errors import DataError
from textcl.evaluation.average import AverageSample
from textcl.evaluation.items import Result
from textcl.evaluation.kinds import stored_samples
from textcl.util.atomic import new_file

Arrays = dict[str, NDArray[Any]]


def stored_classes() -> tuple[type[Any], ...]:
    """Return the classes of outcomes that are stored: those that the kinds list, and averages of such."""
    return (AverageSample, *stored_samples())


def write_samples(path: Path, results: Mapping[str, Result]) -> None:
    """Write the outcome of each task whose class is one of `stored_classes`; the file appears whole or not at all."""
    arrays: Arrays = {}
    contents = {
        task: {"items": result.items, "sample": _describe(result.sample, task, arrays)}
        for task, result in results.items()
        if type(result.sample) in stored_classes()
    }
    arrays["contents"] = np.array(json.dumps(contents))
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its stub takes every name for its one option


def read_samples(path: Path) -> dict[str, Result]:
    """Read what `write_samples` wrote.

    Raises:
        DataError: The file is missing, damaged, or of another make.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        contents = json.loads(str(arrays["contents"]))
        return {task: Result(entry["items"], _restore(entry["sample"], arrays)) for task, entry in contents.items()}
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there.") from error
    except _OF_DAMAGE as error:
        raise DataError(
            f"{path} cannot be read as outcomes of tasks ({type(error).__name__}: {error}). It is damaged, or written "
            "by another version of textcl: evaluate the model again."
        ) from error


_OF_DAMAGE = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _describe(value: object, location: str, arrays: Arrays) -> object:
    """Return a value as JSON, its arrays laid down under the names that stand there for them."""
    if type(value) in stored_classes():
        sample: Any = value  # a dataclass, of which mypy knows no more
        fields = {field.name: getattr(sample, field.name) for field in dataclasses.fields(sample)}
        return {"kind": type(value).__name__, "fields": _describe(fields, location, arrays)}
    if isinstance(value, Mapping):
        return {"each": {name: _describe(part, f"{location}/{name}", arrays) for name, part in value.items()}}
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        known = next((name for name, array in arrays.items() if array is value), location)  # an average has its tasks'
        arrays[known] = value
        return {"array": known}
    if isinstance(value, str | bool | int | float):
        return {"plain": value}
    raise TypeError(f"{location} is a {type(value).__name__}, which cannot be kept.")


def _restore(entry: dict[str, Any], arrays: Arrays) -> Any:
    """Return the value that `_describe` described; `Any` because it is whatever was described."""
    if "array" in entry:
        return arrays[entry["array"]]
    if "plain" in entry:
        return entry["plain"]
    if "each" in entry:
        return {name: _restore(part, arrays) for name, part in entry["each"].items()}
    kind = next((kind for kind in stored_classes() if kind.__name__ == entry["kind"]), None)
    if kind is None:
        raise ValueError(f"it holds a {entry['kind']}")
    return kind(**_restore(entry["fields"], arrays))
