"""FAISS's factory strings, with errors that say what would be right."""

from collections.abc import Callable
from typing import Any

import faiss

from textcl.errors import SearchError
from textcl.index.faiss_files import reason_of
from textcl.index.faiss_parts import ROWS_PER_CENTROID, centroids, parts, training_rows

_EXAMPLES = "Flat, IVF1024,Flat, IVF1024,PQ48, OPQ48,IVF1024,PQ48, HNSW32, SQ8, SQfp16, PQ48, IVF1024,PQ48,RFlat"
_BINARY_EXAMPLES = "BFlat, BIVF1024, BHNSW32"


def make(factory: str, dimension: int) -> Any:
    """Build the FAISS index that a factory string names, for inner products of vectors of unit length.

    Raises:
        SearchError: FAISS can not read the string, or not build it for vectors of this width.
    """
    if "IDMap" in factory:
        raise SearchError(f"'{factory}': ids are positions here, so an IDMap has nothing to map. Leave it out.")
    if "NSG" in factory:
        raise SearchError(f"'{factory}': an NSG graph can not grow block by block. HNSW32 is a graph that can.")
    index = _built(lambda: faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT), factory, dimension)
    if any(part.metric_type != faiss.METRIC_INNER_PRODUCT for part in parts(index)):
        raise SearchError(f"'{factory}' does not rank by inner products, and so not by cosines.")
    return index


def make_binary(factory: str, bits: int) -> Any:
    """Build the FAISS index over bits that a factory string names.

    Raises:
        SearchError: FAISS can not read the string, or not build it.
    """
    return _built(lambda: faiss.index_binary_factory(bits, factory), factory, bits)


def check_training(index: Any, factory: str, rows: int) -> None:
    """Refuse to train on too few vectors.

    Raises:
        SearchError: Says how many there are, how many are wanted, and which index would learn from so few.
    """
    fewest, learned = training_rows(index).fewest, centroids(index)
    if rows >= fewest:
        return
    if not learned:
        raise SearchError(f"'{factory}' learns from at least {fewest:,} vectors; there are {rows:,}. {_way_out(rows)}")
    raise SearchError(
        f"'{factory}' learns {learned:,} centroids, each from {ROWS_PER_CENTROID} vectors or more: {fewest:,} in all; "
        f"there are {rows:,}. {_way_out(rows)}"
    )


def _way_out(rows: int) -> str:
    """Name what learns from so few vectors."""
    cells = 2 ** ((rows // ROWS_PER_CENTROID).bit_length() - 1) if rows >= ROWS_PER_CENTROID else 0
    ivf = f"IVF{cells} is the most cells for so many. " if cells > 1 else ""
    codes = "PQ…x4 learns 16 centroids. " if rows >= 16 * ROWS_PER_CENTROID else ""
    return f"{ivf}{codes}HNSW32, SQfp16 and exact learn nothing."


def _built(build: Callable[[], Any], factory: str, dimension: int) -> Any:
    binary = factory.startswith("B")
    kind, examples = ("bits", _BINARY_EXAMPLES) if binary else ("numbers", _EXAMPLES)
    try:
        index = build()
    except (RuntimeError, MemoryError) as error:
        raise SearchError(
            f"'{factory}' is no index that FAISS can build for vectors of {dimension} {kind} ({reason_of(error)}). "
            f"Such are {examples}."
        ) from None
    if any(getattr(part, "nlist", 1) < 1 for part in parts(index)):
        raise SearchError(f"'{factory}' has no cell; an IVF index has at least one, such as IVF1024,Flat.")
    return index
