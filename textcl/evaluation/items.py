"""What a task's items are, as a digest: outcomes of two models can be paired only if they are of the same items."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Protocol, runtime_checkable

import numpy as np

from textcl.evaluation.task import Sample, Task


@runtime_checkable
class Fingerprinted(Protocol):
    """A task that says itself which data it holds."""

    @property
    def fingerprint(self) -> str:
        """A text that changes when the task's data does: a pinned revision, a digest of its files."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a task, and the digest of the items that it is about."""

    items: str
    sample: Sample


def results_of(tasks: Sequence[Task], samples: Mapping[str, Sample]) -> dict[str, Result]:
    """Return the outcome of each task together with the digest of its items, by the task's name."""
    return {task.name: Result(items_digest(task), samples[task.name]) for task in tasks}


def items_digest(task: Task) -> str:
    """Return a digest of all that a task holds besides its name: texts, gold scores, judgements, rules, in order.

    Args:
        task: Holds plain data (numbers, texts, arrays, dataclasses, mappings and sequences of them), or has a
            `fingerprint`.

    Raises:
        TypeError: The task holds something else.
    """
    digest = hashlib.blake2b(type(task).__name__.encode(), digest_size=16)
    held = task.fingerprint if isinstance(task, Fingerprinted) else {k: v for k, v in vars(task).items() if k != "name"}
    for part in _parts(held, type(task).__name__):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _parts(value: object, location: str) -> Iterator[bytes]:
    """Yield a value as bytes, piece by piece; containers say how many pieces follow, so that none can be moved."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, str | int | float | bytes | Enum):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, np.ndarray) and value.dtype != np.dtype(object):
        yield f"array {value.dtype.str} {value.shape}".encode() + np.ascontiguousarray(value).tobytes()
    elif dataclasses.is_dataclass(value):
        yield from _parts({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, location)
    elif isinstance(value, Mapping | Sequence | Set):
        yield from _contained(value, location)
    else:
        raise TypeError(
            f"{location} holds {value!r}, of which no digest can be taken: give {location} a property "
            f"`fingerprint` that "
            "changes when its data does."
        )


def _contained(value: Mapping[object, object] | Sequence[object] | Set[object], location: str) -> Iterator[bytes]:
    yield f"{len(value)}".encode()
    if isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    elif isinstance(value, Set):
        value = sorted(value, key=repr)
    for part in value:
        yield from _parts(part, location)
