"""The ids and texts of an index, in one SQLite file: any number of them, never all in memory."""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from textcl.errors import DataError, SearchError
from textcl.types.batches import FloatArray
from textcl.types.text import Document
from textcl.util.atomic import new_file
from textcl.util.database import explained, open_database
from textcl.util.progress import SILENT, Progress

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE documents (row INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL, location TEXT NOT NULL);
CREATE TABLE facts (count INTEGER, empty INTEGER, digest TEXT);
"""  # a file that is not finished is thrown away, so it needs no journal


_WAY_OUT = "Build the index again."


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all documents together."""

    count: int
    empty: int  # documents without text
    digest: str  # changes when an id or a text does


class Digest:
    """Counts and digests documents that pass by."""

    def __init__(self, progress: Progress = SILENT) -> None:
        self._progress = progress
        self._digest = hashlib.blake2b(digest_size=16)
        self._count = self._empty = 0

    def passing(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents on."""
        for document in documents:
            self._digest.update(repr((document.id, document.text)).encode())
            self._count += 1
            self._empty += not document.text
            self._progress.advance(1)
            yield document

    @property
    def facts(self) -> Facts:
        """What is known of those that have passed."""
        return Facts(self._count, self._empty, self._digest.hexdigest())


def write_documents(file: Path, documents: Iterable[Document], progress: Progress = SILENT) -> Facts:
    """Write documents as they come; the file appears whole or not at all.

    Raises:
        DataError: An id stands there twice.
    """
    digest = Digest(progress)
    rows = ((row, d.id, d.text, d.location) for row, d in enumerate(digest.passing(documents)))
    with new_file(file) as temporary, _explained(file, unusable=None), closing(open_database(temporary)) as database:
        database.executescript(_TABLES)
        database.execute("BEGIN")
        database.executemany("INSERT INTO documents VALUES (?, ?, ?, ?)", rows)
        facts = digest.facts
        database.execute("INSERT INTO facts VALUES (?, ?, ?)", (facts.count, facts.empty, facts.digest))
        _refuse_duplicates(database)
        database.execute("COMMIT")
    return facts


class DocumentStore:
    """The documents of an index, by row.

    Raises:
        SearchError: The file is missing or broken.
    """

    def __init__(self, file: Path) -> None:
        with _explained(file):
            self._database = open_database(file, read_only=True)
            facts = self._database.execute("SELECT count, empty, digest FROM facts").fetchone()
            if facts is None:
                raise sqlite3.DatabaseError("it was not written to its end")
            if list(map(type, facts)) != [int, int, str]:
                raise sqlite3.DatabaseError("it holds other facts than a count")
        self.file, self.facts = file, Facts(*facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def texts(self, start: int, stop: int) -> list[str]:
        """Return the texts of rows from `start` to before `stop`."""
        request = "SELECT text FROM documents WHERE row >= ? AND row < ? ORDER BY row"
        with _explained(self.file):
            return [text for (text,) in self._database.execute(request, (start, stop))]

    def at(self, rows: Sequence[int]) -> list[tuple[str, str]]:
        """Return the id and the text of each row."""
        request = "SELECT id, text FROM documents WHERE row = ?"
        with _explained(self.file):
            found = [self._database.execute(request, (row,)).fetchone() for row in rows]
            if None in found:
                raise sqlite3.DatabaseError(f"row {rows[found.index(None)]} is missing")
            strange = [row for row, pair in zip(rows, found, strict=True) if list(map(type, pair)) != [str, str]]
            if strange:
                raise sqlite3.DatabaseError(f"row {strange[0]} holds no text")
        return found

    def rows(self, ids: Sequence[str]) -> list[int | None]:
        """Return the row of each id; None where there is no such document."""
        request = "SELECT row FROM documents WHERE id = ?"
        with _explained(self.file):
            found = [self._database.execute(request, (name,)).fetchone() for name in ids]
        return [None if row is None else int(row[0]) for row in found]


def _refuse_duplicates(database: sqlite3.Connection) -> None:
    """Raise where two documents have one id; SQLite finds them by sorting on disk."""
    try:
        database.execute("CREATE UNIQUE INDEX by_id ON documents (id)")
    except sqlite3.IntegrityError:
        request = (
            "SELECT id, min(row), max(row) FROM documents GROUP BY id HAVING count(*) > 1 ORDER BY min(row) LIMIT 1"
        )
        double, first, other = database.execute(request).fetchone()
        request = "SELECT location FROM documents WHERE row IN (?, ?) ORDER BY row"
        (one,), (two,) = database.execute(request, (first, other))
        raise DataError(f"{two}: the id '{double}' stands there a second time; it was first in {one}.") from None


def _explained(file: Path, *, unusable: str | None = _WAY_OUT) -> AbstractContextManager[None]:
    return explained(file, "the texts of the index", _WAY_OUT, SearchError, unusable=unusable)


class Shards:
    """The vectors of `rows` documents, cut into files of some thousand rows.

    Args:
        folder: Where they lie.
        rows: N, over all shards.
        dimension: D.
        shard_rows: Rows of each shard but the last.
    """

    def __init__(self, folder: Path, rows: int, dimension: int, shard_rows: int) -> None:
        self._folder, self._rows, self._dimension, self._shard_rows = folder, rows, dimension, shard_rows

    def __len__(self) -> int:
        return -(-self._rows // self._shard_rows)

    def span(self, number: int) -> tuple[int, int]:
        """Return the first row of a shard and that behind its last."""
        start = number * self._shard_rows
        return start, min(start + self._shard_rows, self._rows)

    def missing(self, rank: int = 0, ranks: int = 1) -> list[int]:
        """Return the numbers of a rank's shards that are still to be written."""
        return [number for number in range(rank, len(self), ranks) if not self._file(number).exists()]

    def write(self, number: int, vectors: FloatArray) -> None:
        """Write a shard, which is there from then on."""
        start, stop = self.span(number)
        assert vectors.shape == (stop - start, self._dimension), "a shard holds the rows of its span"
        with new_file(self._file(number)) as temporary, temporary.open("wb") as file:
            np.save(file, vectors)

    def blocks(self) -> Iterator[FloatArray]:
        """Yield the vectors in order, a shard at a time."""
        for number in range(len(self)):
            yield self._read(number)

    def sample(self, rows: int, seed: int) -> FloatArray:
        """Return some rows drawn without return, in their order, (rows, D); all of them where there are no more."""
        drawn = sorted(random.Random(seed).sample(range(self._rows), min(rows, self._rows)))
        sample = np.empty((len(drawn), self._dimension), dtype=np.float32)
        positions = np.array(drawn, dtype=np.int64)
        for number in np.unique(positions // self._shard_rows).tolist():
            inside = positions // self._shard_rows == number
            sample[inside] = self._read(number)[positions[inside] - number * self._shard_rows]
        return sample

    def remove(self) -> None:
        """Delete all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, number: int) -> FloatArray:
        """Read a shard that may be from before, and what has happened to it meanwhile."""
        file, (start, stop) = self._file(number), self.span(number)
        try:
            vectors: FloatArray = np.load(file)
            if vectors.shape != (stop - start, self._dimension):
                raise ValueError(f"its shape is {vectors.shape}")
        except (OSError, ValueError, EOFError) as error:
            raise SearchError(f"{file} is damaged ({error}). Delete it, and give the command again.") from error
        return vectors

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06}.npy"
