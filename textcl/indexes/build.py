"""Which class an index is of: exact, FAISS's by their factory strings, or binary."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textcl.errors import SearchError
from textcl.indexes.common import read_description
from textcl.indexes.exact import EXACT, FlatIndex
from textcl.types.batches import FloatArray
from textcl.types.protocols import Index

if TYPE_CHECKING:
    from textcl.indexes.binary import BinaryIndex
    from textcl.indexes.faiss_index import FaissIndex


def build_index(factory: str, dimension: int) -> Index:
    """Build an empty index.

    Args:
        factory: `exact`, or a factory string of FAISS: `Flat`, `IVF1024,PQ48`, `HNSW32`, `SQ8`, `BFlat,RFlat`.
        dimension: Embedding width D.

    Raises:
        SearchError: There is no such index.
    """
    if factory == EXACT:
        return FlatIndex(dimension)
    return _class_of(factory)(dimension, factory)


def refuse_too_few(index: Index, rows: int) -> None:
    """Refuse an index that cannot learn from so few vectors, before there are any.

    Args:
        index: Just built.
        rows: Vectors that it would learn from.

    Raises:
        SearchError: Says how many are wanted, and which index would do with these.
    """
    if rows < index.training_rows.fewest:
        index.train(np.zeros((rows, index.dimension), dtype=np.float32))
        raise AssertionError("training on too few rows is refused")


def open_index(folder: Path) -> Index:
    """Open the folder of a saved index.

    Raises:
        SearchError: There is none, or a file of it is missing or broken.
    """
    factory = read_description(folder).factory
    try:
        return FlatIndex.open(folder) if factory == EXACT else _class_of(factory).open(folder)
    except SearchError as error:
        raise error if str(folder) in str(error) else SearchError(f"{folder}: {error}") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise SearchError(f"{folder} is damaged ({error}). Build the index again.") from error


def write_index(
    folder: Path, factory: str, dimension: int, rows: int, blocks: Iterable[FloatArray], sample: FloatArray
) -> None:
    """Write the folder of an index of vectors that come block by block; of those no more than a block is in memory.

    Args:
        folder: Appears whole or not at all.
        factory: As `build_index` takes it.
        dimension: D.
        rows: N, over all blocks.
        blocks: (any, D) each.
        sample: What the index learns from, (any, D); may be empty where it learns nothing.

    Raises:
        SearchError: There is no such index, or the sample is too small for it.
    """
    if factory == EXACT:
        FlatIndex.write(folder, dimension, rows, blocks)
        return
    index = build_index(factory, dimension)
    if index.training_rows.fewest:
        index.train(sample)
    for block in blocks:
        index.add(block)
    index.save(folder)


def _class_of(factory: str) -> "type[BinaryIndex | FaissIndex]":
    """Return the class of a factory string; an exact index needs no FAISS, and does not wait for it."""
    from textcl.indexes.binary import BinaryIndex
    from textcl.indexes.faiss_index import FaissIndex

    return BinaryIndex if factory.startswith("B") else FaissIndex
