"""Peak memory of mining at growing numbers of texts: the search of `textcl mine`, each size a process of its own.

A tenth of the texts are queries with one positive each, the others a corpus; they are numbered sentences, so that as
many strings are held as a user's file would give. The vectors lie on disk, as `textcl mine` leaves them: random ones of
unit length, so that embedding costs nothing. What is held grows with the texts (strings, numbers, results); what grew
with their square, or held the vectors, would show. Only memory that is the process's own is counted: pages of the file
of vectors are the system's, which takes them back when it wants to.

Run: python eval/speed/mine_memory.py
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from machine import record

from textcl.files.corpora import Pair
from textcl.indexes.exact import BLOCK
from textcl.mining.collection import Collection
from textcl.mining.miner import mine, usual_factory
from textcl.mining.selection import MiningRequest
from textcl.types.batches import FloatArray

SIZES = (10_000, 100_000, 1_000_000)  # texts
QUERIES = 10  # texts for each query
WIDTH = 384  # of a vector
WANTED = 1.0  # kilobytes a text, at most, on top of what the smallest size holds
_EVERY = 0.01  # seconds between two looks at the memory


def main() -> None:
    """Measure, print and record; or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    parser.add_argument("--measured", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measured:
        print(search(arguments.measured))
        return
    measured = {str(size): measure(size) for size in arguments.sizes}
    for size, figures in measured.items():
        print(f"{int(size):10,} texts  " + "  ".join(f"{name} {value}" for name, value in figures.items()))
    growth = kilobytes_a_text(measured)
    print(f"{growth:.2f} kilobytes a text, wanted at most {WANTED}")
    if not arguments.no_record:
        record("mine_memory", {"measured": measured, "kilobytes_a_text": growth, "wanted": WANTED})


def kilobytes_a_text(measured: dict[str, dict[str, object]]) -> float:
    """Return by how much the peak grows from the first size to the last; NaN for one size."""
    first, last = next(iter(measured)), list(measured)[-1]
    more = float(str(measured[last]["megabytes"])) - float(str(measured[first]["megabytes"]))
    return round(more * 1024 / (int(last) - int(first)), 3) if first != last else float("nan")


def measure(size: int) -> dict[str, object]:
    """Mine among so many texts in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        write_vectors(file, size)
        start = time.perf_counter()
        command = [sys.executable, __file__, "--measured", str(file)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.perf_counter() - start
    return {
        "queries": size // QUERIES,
        "factory": usual_factory(size // QUERIES, size),
        "megabytes": float(done.stdout),
        "seconds": round(seconds, 1),
    }


def write_vectors(file: Path, size: int) -> None:
    """Write random vectors of unit length, (N, D)."""
    rng = np.random.default_rng(17)
    vectors = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(size, WIDTH))
    for start in range(0, size, BLOCK):
        block = rng.standard_normal((min(BLOCK, size - start), WIDTH), dtype=np.float32)
        vectors[start : start + len(block)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    vectors.flush()


def search(file: Path) -> float:
    """Mine, and return the peak of the process's own memory in megabytes."""
    vectors: FloatArray = np.load(file, mmap_mode="r+")  # as textcl mine has it
    observer = Observer()
    count = len(vectors) // QUERIES
    pairs = (Pair(f"What does sentence {number} say?", sentence(number)) for number in range(count))
    texts = Collection(pairs, (sentence(number) for number in range(count, len(vectors))))
    factory = usual_factory(count, len(vectors))
    mined = mine(texts, vectors[:count], vectors, MiningRequest(negatives=5, first=10, last=100), factory=factory)
    assert (mined.negatives.ids >= 0).all()
    return observer.peak()


def sentence(number: int) -> str:
    """Return a text of the length of a sentence, another for each number."""
    return f"This is sentence number {number} of a corpus, and it is about as long as sentences of a corpus are."


class Observer:
    """Looks at the memory of this process again and again, from a thread."""

    def __init__(self) -> None:
        self._peak, self._ended = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def peak(self) -> float:
        """Stop looking, and return the most that was seen, in megabytes."""
        self._ended.set()
        self._thread.join()
        return round(self._peak, 1)

    def _look(self) -> None:
        while not self._ended.wait(_EVERY):
            status = Path("/proc/self/status").read_text()
            own = next(line for line in status.splitlines() if line.startswith("RssAnon"))
            self._peak = max(self._peak, int(own.split()[1]) / 1024)


if __name__ == "__main__":
    main()
