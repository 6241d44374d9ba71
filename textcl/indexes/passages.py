"""The passages of the documents of an index: which part of which document each vector stands for."""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from textcl.errors import SearchError
from textcl.indexes.documents import DocumentStore
from textcl.types.batches import IntArray
from textcl.util.atomic import new_file

Parts = Sequence[tuple[int, int, int]]  # of a document: start and stop of each, and where the title before it stops


class PassageWriter:
    """Notes the passages of documents that pass by."""

    def __init__(self) -> None:
        self._numbers, self._documents = array("q"), 0

    def add(self, parts: Parts) -> None:
        """Note the passages of the next document."""
        for part in parts:
            self._numbers.extend((self._documents, *part))
        self._documents += 1

    def write(self, file: Path) -> None:
        """Write all of them; the file appears whole or not at all."""
        with new_file(file) as temporary, temporary.open("wb") as opened:
            np.save(opened, np.frombuffer(self._numbers, dtype=np.int64).reshape(-1, _COLUMNS))


_COLUMNS = 4  # document, start, stop, title


class Passages:
    """The passages of an index, by row of its vectors; mapped, not read.

    Args:
        file: What a `PassageWriter` wrote.
        documents: The documents that they are parts of.

    Raises:
        SearchError: The file is missing or damaged.
    """

    def __init__(self, file: Path, documents: DocumentStore) -> None:
        self._file, self._documents = file, documents
        try:
            table = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged(error) from error
        if table.ndim != 2 or table.shape[1] != _COLUMNS or table.dtype != np.int64:
            raise self._damaged(f"it holds {table.dtype} of shape {table.shape}")
        self._table: IntArray = table.view(np.ndarray)

    def __len__(self) -> int:
        return len(self._table)

    def texts(self, start: int, stop: int) -> list[str]:
        """Return what is embedded of the passages from row `start` to before `stop`."""
        return [_part(text, *part) for _, text, *part in self._parts(start, stop)]

    def parts(self, start: int, stop: int) -> list[tuple[int, str, tuple[int, int]]]:
        """Return the document of each passage from `start` to before `stop`, its whole text, and which characters."""
        return [(document, text, (begin, end)) for document, text, begin, end, _ in self._parts(start, stop)]

    def documents_of(self, rows: IntArray) -> IntArray:
        """Return the document of each row; -1 of none."""
        known = np.where(rows >= 0, rows, 0)
        if len(self) <= known.max(initial=0):
            raise self._damaged("the index has more rows")
        return np.where(rows >= 0, self._table[known, 0], -1)

    def part(self, row: int, text: str) -> str:
        """Return the passage of a row as it stands in its document's text."""
        _, start, stop, _ = self._table[row].tolist()
        return text[start:stop]

    def _parts(self, start: int, stop: int) -> Iterator[tuple[int, str, int, int, int]]:
        """Yield passages with the whole texts that they are of."""
        rows = self._table[start:stop].tolist()
        first, last = (rows[0][0], rows[-1][0]) if rows else (0, -1)
        texts = self._documents.texts(first, last + 1)
        if len(texts) != last + 1 - first:
            raise self._damaged("it names other documents than there are")
        for document, begin, end, title in rows:
            yield document, texts[document - first], begin, end, title

    def _damaged(self, why: object) -> SearchError:
        return SearchError(f"{self._file} is damaged or missing ({why}). Build the index again.")


def _part(text: str, start: int, stop: int, title: int) -> str:
    return text[start:stop] if not title or start < title else f"{text[:title]} {text[start:stop]}"
