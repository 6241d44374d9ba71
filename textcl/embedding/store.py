"""Vectors kept by key, in memory or in a file: what a cache of embeddings stands on."""

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from textcl.errors import DataError
from textcl.types.batches import Embed, FloatArray, IntArray
from textcl.types.text import Role, Use
from textcl.util.database import explained, open_database
from textcl.util.progress import SILENT, Progress

FILE = "vectors.sqlite"  # in the folder that a user names
MEMORY_BYTES = 1 << 30  # that vectors in memory may take
_PAGE_BYTES = 32768
_LEAST_PAGES = 4  # of an empty database
_FORMAT = 1
_WAY_OUT = "Delete it: it holds only what can be computed again."
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL)"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """What a store holds of the keys that it was asked for."""

    positions: IntArray  # (F,) ascending, among the keys
    vectors: FloatArray  # (F, D)


class VectorStore:
    """A SQLite database of vectors: several processes may use one file, and one that is killed leaves it whole.

    The texts are not in it, only digests. It never stops a run that is under way: when it is full, it keeps what it has
    and takes no more; when it cannot be read or written, a warning says so and the run goes on without it. A vector
    whose checksum is wrong counts as missing.

    Args:
        width: D.
        folder: Where `vectors.sqlite` lies or shall lie; None: in memory, and gone with the process.
        memory_bytes: What vectors in memory may take; a file may grow as large as its disk.

    Raises:
        DataError: The file is damaged, or not one of these, or the folder cannot be written.
    """

    def __init__(self, width: int, folder: Path | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        self.width = width
        self.path = None if folder is None else folder / FILE
        self._reads = self._writes = True
        if self.path is None:
            self._database = open_database(None)
            self._database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            self._database.execute(f"PRAGMA max_page_count = {max(_LEAST_PAGES, memory_bytes // _PAGE_BYTES)}")
            self._database.execute(_TABLE)
        else:
            self._database = _opened(self.path)

    def find(self, keys: Sequence[bytes]) -> StoredVectors:
        """Return the vectors that are here of some keys."""
        positions, vectors, damaged = [], [], 0
        for position, key in enumerate(keys if self._reads else ()):
            try:
                row = self._database.execute("SELECT vector, checksum FROM vectors WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error as error:
                self._give_up(error)
                break
            if row is None:
                continue
            if len(row[0]) != 4 * self.width or row[1] != _checksum(key, row[0]):
                damaged += 1
                continue
            positions.append(position)
            vectors.append(np.frombuffer(row[0], dtype="<f4"))
        if damaged:
            _log.warning("%s: %d vectors are damaged; their texts are embedded again.", self.path, damaged)
        stacked = np.stack(vectors).astype(np.float32) if vectors else np.empty((0, self.width), dtype=np.float32)
        return StoredVectors(np.array(positions, dtype=np.int64), stacked)

    def add(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors, all of them or none: (N, D) for N keys."""
        if not self._writes or not len(keys):
            return
        blobs = [vector.tobytes() for vector in np.ascontiguousarray(vectors, dtype="<f4")]
        rows = [(key, blob, _checksum(key, blob)) for key, blob in zip(keys, blobs, strict=True)]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._stop_writing(error)

    def close(self) -> None:
        """Let go of the file, or of the memory."""
        self._reads = self._writes = False
        self._database.close()

    def _stop_writing(self, error: sqlite3.Error) -> None:
        self._writes = False
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        if self.path is not None:
            _log.warning("%s takes no more vectors (%s); the run goes on, and later ones embed more.", self.path, error)

    def _give_up(self, error: sqlite3.Error) -> None:
        self._reads = self._writes = False
        _log.warning("%s cannot be read on (%s); the run goes on without it. Delete it afterwards.", self.path, error)


def _checksum(key: bytes, vector: bytes) -> int:
    return zlib.crc32(vector, zlib.crc32(key))


def _opened(path: Path) -> sqlite3.Connection:
    with explained(path, "the vectors", _WAY_OUT):
        database = open_database(path)
        _prepare(database)
        pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if path.stat().st_size < pages * size:
            raise sqlite3.DatabaseError(f"it has {path.stat().st_size:,} of {pages * size:,} bytes")
    if version != _FORMAT:
        raise DataError(f"{path}: vectors of format {version}; this textcl reads {_FORMAT}. Name another folder.")
    return database


def _prepare(database: sqlite3.Connection) -> None:
    """Make the table in a new file, and look at it in an old one."""
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        database.execute("BEGIN IMMEDIATE")
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {_FORMAT}")
        database.execute("COMMIT")
    database.execute("SELECT key, vector, checksum FROM vectors LIMIT 1").fetchone()


BLOCK = 4096  # texts that are embedded between two times of keeping what is there


class Store(Protocol):
    """Keeps vectors by key; it may forget any, but never gives a wrong one."""

    @property
    def width(self) -> int:
        """D."""
        ...

    def find(self, keys: Sequence[bytes]) -> StoredVectors:
        """Return the vectors that are here of some keys."""
        ...

    def add(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors, (N, D) for N keys."""
        ...


def cached(
    embed: Embed,
    store: Store,
    space: Callable[[Role | Use], str],
    progress: Progress = SILENT,
    block: int = BLOCK,
) -> Embed:
    """Return a model that embeds a text only where the store does not have its vector.

    Args:
        embed: The model.
        store: Gets every block of vectors as soon as it is there, so that a run that is stopped loses little.
        space: What decides a vector beside its text, for a role: two roles of one space share their vectors. A store
            that outlives the model needs all of it in there, the weights first.
        progress: Gets the number of texts that are about to be embedded.
        block: Texts a block.
    """

    def through_cache(texts: Sequence[str], role: Role | Use) -> FloatArray:
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        names, keys = list(distinct), _keys(distinct, space(role))
        found = store.find(keys)
        vectors = np.empty((len(keys), store.width), dtype=np.float32)
        vectors[found.positions] = found.vectors
        missing = np.setdiff1d(np.arange(len(keys)), found.positions)
        progress.expect(len(missing))
        for start in range(0, len(missing), block):
            part = missing[start : start + block]
            new = embed([names[position] for position in part], role)
            store.add([keys[position] for position in part], new)
            vectors[part] = new
        return vectors[[distinct[text] for text in texts]]  # (N, D)

    return through_cache


def _keys(texts: Sequence[str] | dict[str, int], space: str) -> list[bytes]:
    """Return a digest of 16 bytes of each text in a space."""
    start = hashlib.blake2b(len(space.encode()).to_bytes(8, "little") + space.encode(), digest_size=16)
    keys = []
    for text in texts:
        digest = start.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        keys.append(digest.digest())
    return keys
