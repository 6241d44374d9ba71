"""FAISS's files and FAISS's errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss

from textcl.errors import SearchError


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
        raise SearchError(f"{file} can not be read ({reason}). Build the index again.") from None


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
    """Return what an error of FAISS says, without the place in its own code."""
    text = re.sub(r"^.*\.(cpp|h):\d+: (Error: )?", "", str(error), flags=re.DOTALL).strip()
    return re.sub(r"^'.*' failed: ", "", text, flags=re.DOTALL) or "out of memory"
