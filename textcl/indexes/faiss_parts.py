"""What a FAISS index is made of: how many vectors it learns from, and what may be set for searching."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss

from textcl.errors import SearchError
from textcl.types.protocols import TrainingRows

# FAISS's objects come without types, hence `Any`.
ROWS_PER_CENTROID = 39  # below it FAISS warns that k-means learns badly
_USUAL_ROWS_PER_CENTROID = 64
_WAYS = ("index", "base_index", "storage")  # from an index to the one inside it that holds the vectors
_SUMS = ("rq", "lsq")  # codes that add centroids up
_OPQ_CENTROIDS = 256
_EF_SEARCH, _OVERSAMPLING = 64, 8  # FAISS's own are 16, and 1: refining without anything to choose from


def parts(index: Any) -> Iterator[Any]:
    """Yield an index, and the indexes inside it down to the one that holds the vectors."""
    index = _downcast(index)
    yield index
    for way in _WAYS:
        inner = getattr(index, way, None)
        if inner is not None:
            yield from parts(inner)


def centroids(index: Any) -> int:
    """Return how many centroids the largest k-means of an index learns, 0 where it learns none."""
    cells = [part.nlist for part in parts(index) if hasattr(part, "nlist")]
    codes = [2**part.pq.nbits for part in parts(index) if hasattr(part, "pq")]
    sums = [_additive_centroids(getattr(part, name)) for part in parts(index) for name in _SUMS if hasattr(part, name)]
    return max(cells + codes + sums, default=0)


def training_rows(index: Any) -> TrainingRows:
    """Return how many vectors an index that was just built wants to learn from."""
    learned, widths = centroids(index), [_widest_transform(part) for part in parts(index)]
    fewest = max(ROWS_PER_CENTROID * learned, *widths, int(any(map(_learns, parts(index)))))
    usual = max(_USUAL_ROWS_PER_CENTROID * learned, 10_000)
    return TrainingRows(fewest, max(usual, fewest)) if fewest else TrainingRows()


def use_defaults(index: Any) -> None:
    """Set what FAISS leaves so low that little is found: it looks into one cell of an IVF index, of however many.

    The training of polysemous codes is left out: it takes long, and only a kind of search that is not used here gains.
    """
    for part in parts(index):
        if hasattr(part, "do_polysemous_training"):
            part.do_polysemous_training = False
    for name in settings(index):
        cells = max((part.nlist for part in parts(index) if hasattr(part, "nlist")), default=1)
        probes = min(cells, max(8, round(2 * math.sqrt(cells))))
        change(index, name, {"nprobe": probes, "efSearch": _EF_SEARCH, "k_factor": _OVERSAMPLING}[name])


def settings(index: Any) -> dict[str, int]:
    """Return what may be set, by FAISS's own names, with its value."""
    found: dict[str, int] = {}
    for part in parts(index):
        if hasattr(part, "nprobe"):
            found["nprobe"] = int(part.nprobe)
        if hasattr(part, "hnsw"):
            found["efSearch"] = int(part.hnsw.efSearch)
        if hasattr(part, "k_factor"):
            found["k_factor"] = int(part.k_factor)
    return found


def change(index: Any, name: str, value: int) -> None:
    """Set one of the settings that an index has.

    Raises:
        ValueError: It has none of this name, or the value is not positive.
    """
    known = settings(index)
    if name not in known:
        has = f"it has {', '.join(known)}" if known else "it has nothing to set"
        raise ValueError(f"{name} cannot be set on this index; {has}.")
    if value < 1:
        raise ValueError(f"{name} is {value}; it must be at least 1.")
    for part in parts(index):
        if name == "efSearch" and hasattr(part, "hnsw"):
            part.hnsw.efSearch = value
        elif hasattr(part, name):
            setattr(part, name, value)


def _downcast(index: Any) -> Any:
    return faiss.downcast_IndexBinary(index) if isinstance(index, faiss.IndexBinary) else faiss.downcast_index(index)


def _learns(part: Any) -> bool:
    """Say whether a part itself, not only what is inside it, learns from vectors."""
    return not part.is_trained and all(getattr(part, way, None) is None for way in _WAYS)


def _additive_centroids(quantizer: Any) -> int:
    return max((2 ** quantizer.nbits.at(n) for n in range(quantizer.nbits.size())), default=0)


def _widest_transform(part: Any) -> int:
    """Return how many vectors the linear transforms of a part want, 0 without one: as many as there are dimensions.

    A rotation for product quantisation (OPQ) learns centroids of its own.
    """
    chain = getattr(part, "chain", None)
    transforms = [] if chain is None else [faiss.downcast_VectorTransform(chain.at(n)) for n in range(chain.size())]
    return max(
        (
            ROWS_PER_CENTROID * _OPQ_CENTROIDS if isinstance(transform, faiss.OPQMatrix) else transform.d_in
            for transform in transforms
            if not transform.is_trained
        ),
        default=0,
    )


def write_faiss(index: Any, file: Path) -> None:
    """Write an index of FAISS, of vectors or of bits."""
    write = faiss.write_index_binary if isinstance(index, faiss.IndexBinary) else faiss.write_index
    write(index, str(file))


def read_faiss(file: Path, *, binary: bool = False) -> Any:
    """Read an index of FAISS.

    Raises:
        SearchError: The file is missing or broken.
    """
    try:
        return (faiss.read_index_binary if binary else faiss.read_index)(str(file))
    except (RuntimeError, MemoryError) as error:
        reason = "it is missing" if not file.exists() else reason_of(error)
        raise SearchError(f"{file} cannot be read ({reason}). Build the index again.") from None


def size_bytes(index: Any) -> int:
    """Return how many bytes an index takes in a file, without writing one."""
    total = 0

    def count(written: bytes) -> None:
        nonlocal total
        total += len(written)

    write = faiss.write_index_binary if isinstance(index, faiss.IndexBinary) else faiss.write_index
    write(index, faiss.PyCallbackIOWriter(count))  # type: ignore[attr-defined]  # SWIG's wrappers have no types
    return total


@contextmanager
def faiss_errors(factory: str) -> Iterator[None]:
    """Turn what FAISS throws inside the block into an error that names the index."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        raise SearchError(f"'{factory}': FAISS could not go on ({reason_of(error)}).") from error


def reason_of(error: BaseException) -> str:
    """Return what an error of FAISS says, without the position in its own code."""
    text = re.sub(r"^.*\.(cpp|h):\d+: (Error: )?", "", str(error), flags=re.DOTALL).strip()
    return re.sub(r"^'.*' failed: ", "", text, flags=re.DOTALL) or "out of memory"
