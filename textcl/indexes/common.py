"""What goes into an index and what comes out: unit-length copies in, hits in one order out."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from textcl.errors import SearchError
from textcl.types.batches import FloatArray, IntArray
from textcl.types.protocols import Hits
from textcl.util.cosines import row_products

_FILE = "kind.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What must be known of an index to open it."""

    factory: str
    dimension: int  # D
    settings: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what a file may say instead."""
        if type(self.factory) is not str or type(self.dimension) is not int or self.dimension < 1:
            raise TypeError("factory is a text, and dimension a number from 1")
        if type(self.settings) is not dict or any(type(value) is not int for value in self.settings.values()):
            raise TypeError("settings are numbers by their names")


def write_description(folder: Path, description: Description) -> None:
    """Write it into the folder of an index."""
    (folder / _FILE).write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")


def read_description(folder: Path) -> Description:
    """Read it from the folder of an index.

    Raises:
        SearchError: The folder holds no index.
    """
    file = folder / _FILE
    try:
        return Description(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SearchError(f"{folder} holds no index: {file} is missing.") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise SearchError(f"{file}: not the description of an index ({error}).") from error


def unit_copy(vectors: FloatArray, dimension: int, name: str) -> FloatArray:
    """Return a copy of vectors (N, D) scaled to unit length, float32 and C-contiguous; a vector of zeros stays zero.

    Args:
        vectors: (N, D), of any layout and precision; they are not changed.
        dimension: The D that is wanted.
        name: What they are called in messages.

    Raises:
        ValueError: They have another shape, or hold NaN or infinity.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise ValueError(f"{name} have shape {vectors.shape}; this index takes (N, {dimension}).")
    copy = np.array(vectors, dtype=np.float32, order="C")
    finite = np.isfinite(copy).all(axis=1)
    if not finite.all():
        raise ValueError(f"{name} hold NaN or infinity, first in row {int(np.argmin(finite))}.")
    lengths = np.sqrt(row_products(copy, copy))  # (N,)
    lengths[lengths == 0] = 1.0
    copy /= lengths[:, None].astype(np.float32)
    return copy


def check_dimension(dimension: int) -> None:
    """Refuse a width that no vector has."""
    if dimension < 1:
        raise ValueError(f"dimension is {dimension}; an embedding has at least one number.")


def check_k(k: int) -> None:
    """Refuse to look for no hit at all."""
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one hit.")


def best_first(ids: IntArray, scores: FloatArray, k: int) -> Hits:
    """Order what was found by falling score, equal scores by rising id, and fill up or cut to `k`.

    Args:
        ids: (Q, any), -1 where nothing was found.
        scores: Of the same shape.
        k: Hits of each query.
    """
    scores = np.where(ids < 0, np.float32(-np.inf), scores).astype(np.float32)
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    ids, scores = np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)
    missing = ((0, 0), (0, k - ids.shape[1]))
    return Hits(
        ids=np.pad(ids, missing, constant_values=-1).astype(np.int64, copy=False),
        scores=np.pad(scores, missing, constant_values=-np.inf),
    )
