"""A cache of tokens: the texts of a source that no augmentation changes are cut into tokens once."""

import hashlib
import logging
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from textcl.data.views import ViewSpec
from textcl.data.workers import DataWorkers, end_to_end
from textcl.errors import DataError
from textcl.types.batches import IntArray, Tokenize, Tokens
from textcl.types.text import Example, Role, Source
from textcl.util.atomic import new_folder
from textcl.util.cache import cache_folder, key_of
from textcl.util.progress import SILENT, Progress

_IDS, _KEYS = "ids.arrow", "keys.arrow"
_BATCH_BITS = 32  # of a position are the position in its batch, the others the number of the batch
_OPEN_TABLES = 8
_SCHEMA = pa.schema([("ids", pa.list_(pa.int32()))])


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Some texts, by their digests, with their tokens end to end."""

    digests: IntArray  # (n, 2)
    ids: NDArray[np.int32]  # (sum of the lengths,)
    lengths: IntArray  # (n,) tokens


class TokenTable:
    """The tokens of some texts.

    Texts are told apart by 128 bits of their digests, and one that is not there is told to be missing: whatever the
    table holds, the tokens that it gives are those of the text.

    Args:
        folder: What `write_table` wrote.

    Raises:
        DataError: The files are damaged.
        OSError: They are missing.
    """

    def __init__(self, folder: Path) -> None:
        try:
            keys = pa.ipc.open_file(pa.memory_map(str(folder / _KEYS))).get_batch(0)
            reader = pa.ipc.open_file(pa.memory_map(str(folder / _IDS)))
            batches = [reader.get_batch(number).column(0) for number in range(reader.num_record_batches)]
        except pa.ArrowException as error:
            raise DataError(f"{folder}: holds damaged tokens ({error}).") from error
        self._first, self._second, self._positions = (column.to_numpy() for column in keys.columns)  # (N,) each
        self._batches = [(batch.offsets.to_numpy(), batch.values.to_numpy()) for batch in batches]
        if int(self._positions.max(initial=0)) >> _BATCH_BITS >= len(self._batches):
            raise DataError(f"{folder}: holds damaged tokens (some are missing).")

    def __len__(self) -> int:
        return len(self._positions)

    def sequences(self, texts: Sequence[str]) -> list[IntArray | None]:
        """Return the tokens of each text, N x (L,); None where the text is not there."""
        wanted = digests(texts)  # (N, 2)
        rows = np.searchsorted(self._first, wanted[:, 0]).clip(max=len(self) - 1)
        known = (self._first[rows] == wanted[:, 0]) & (self._second[rows] == wanted[:, 1])
        positions = np.where(known, self._positions[rows], -1).tolist()
        return [None if position < 0 else self._sequence(position) for position in positions]

    def _sequence(self, position: int) -> IntArray:
        offsets, values = self._batches[position >> _BATCH_BITS]
        row = position & ((1 << _BATCH_BITS) - 1)
        ids: IntArray = values[offsets[row] : offsets[row + 1]].astype(np.int64)
        return ids


@lru_cache(maxsize=_OPEN_TABLES)
def open_table(folder: Path) -> TokenTable:
    """Map a table, or return its map of before.

    Raises:
        DataError: The files are damaged.
        OSError: They are missing.
    """
    return TokenTable(folder)


def digests(texts: Sequence[str]) -> IntArray:
    """Digest texts as they are spelt, (N, 2)."""
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(joined, dtype=np.int64).reshape(-1, 2)


def write_table(folder: Path, batches: Iterable[TokenBatch]) -> None:
    """Write a table, which appears whole or not at all; 24 bytes a text are in memory until then.

    Args:
        folder: Where.
        batches: Are taken one at a time; together at least one text.

    Raises:
        OSError: It cannot be written.
    """
    keys = array("q")  # digests and position of each text
    with new_folder(folder) as temporary:
        with pa.ipc.new_file(str(temporary / _IDS), _SCHEMA) as writer:
            for number, batch in enumerate(batches):
                writer.write_batch(_as_batch(batch))
                positions = (number << _BATCH_BITS) + np.arange(len(batch.lengths))
                keys.frombytes(np.column_stack([batch.digests, positions]).tobytes())
        _write_keys(temporary / _KEYS, np.frombuffer(keys, dtype=np.int64).reshape(-1, 3))


def _as_batch(batch: TokenBatch) -> Any:
    offsets = np.concatenate([[0], np.cumsum(batch.lengths)]).astype(np.int32)
    return pa.record_batch([pa.ListArray.from_arrays(pa.array(offsets), pa.array(batch.ids))], schema=_SCHEMA)


def _write_keys(file: Path, keys: IntArray) -> None:
    """Write the keys in the order of the digests; of two texts that share the first half, one is missing."""
    _, rows = np.unique(keys[:, 0], return_index=True)
    batch = pa.record_batch(
        [pa.array(keys[rows, column]) for column in range(3)], names=["first", "second", "position"]
    )
    with pa.ipc.new_file(str(file), batch.schema) as writer:
        writer.write_batch(batch)


_LAYOUT = 1  # raise it when the same texts would give another table
_BATCH = 4096  # rows that are read and cut at once
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """Cuts texts into tokens as `tokenize` does, and takes those that are kept from there.

    Args:
        tokenize: Cuts the others.
        tables: The folder of each role's table; a role may be without.
    """

    tokenize: Tokenize
    tables: Mapping[Role, Path]

    def __call__(self, texts: Sequence[str], role: Role) -> Tokens:
        """Return the tokens of N texts."""
        if role not in self.tables:
            return self.tokenize(texts, role)
        found = open_table(self.tables[role]).sequences(texts)
        missing = [text for text, ids in zip(texts, found, strict=True) if ids is None]
        made = self.tokenize([*missing, ""], role)  # the last shows what holds for every sequence of the role
        rest = iter(made.ids)
        ids = tuple(next(rest) if known is None else known for known in found)
        return replace(made, ids=ids, skipped=np.full(len(ids), made.skipped[-1]))


def tables_of(source: Source, views: Sequence[ViewSpec], keys: Mapping[Role, str]) -> dict[Path, tuple[Role, ...]]:
    """Return the folders of the tables that serve a run, and the roles that each serves.

    Roles whose texts are cut alike share a table. Only the texts of views without augmentations are in one.

    Args:
        source: Where the texts are from.
        views: V views.
        keys: For each role a digest of how its texts are cut; a role without one has no table.
    """
    plain = sorted({view.role for view in views if not view.augment and view.role in keys})
    alike = {keys[role]: tuple(other for other in plain if keys[other] == keys[role]) for role in plain}
    return {_folder(source, roles, key): roles for key, roles in alike.items()}


def is_whole(table: Path) -> bool:
    """Say whether an earlier run left a table that can be read."""
    try:
        open_table(table)
    except (OSError, DataError):
        return False
    return True


def keep_tokens(
    table: Path,
    source: Source,
    roles: Sequence[Role],
    tokenize: Tokenize,
    workers: int,
    progress: Progress = SILENT,
) -> bool:
    """Cut the texts that views of some roles may hold, in worker processes, and keep them; say whether that went well.

    Args:
        table: Where they are kept.
        source: Its rows are read from the first to the last.
        roles: Whose texts are cut alike.
        tokenize: Cuts them.
        workers: Processes; 0: this one.
        progress: Gets the number of rows just done.

    Raises:
        DataError: A row cannot be read.
    """
    numbers = range(-(-len(source) // _BATCH))
    try:
        with _mapped(partial(cut_batch, source, tuple(roles), tokenize), numbers, workers) as batches:
            write_table(table, _counted(batches, len(source), progress))
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or error
        _log.warning("Tokens are not kept, but made when they are wanted: %s cannot be written (%s).", table, reason)
        return False
    return True


def cut_batch(source: Source, roles: Sequence[Role], tokenize: Tokenize, number: int) -> TokenBatch:
    """Cut the texts of some rows, each once."""
    rows = range(number * _BATCH, min((number + 1) * _BATCH, len(source)))
    texts = list(dict.fromkeys(text for row in rows for role in roles for text in _texts(source[row], role)))
    tokens = tokenize(texts, roles[0])
    return TokenBatch(digests(texts), end_to_end(tokens.ids).astype(np.int32), tokens.lengths)


def _texts(example: Example, role: Role) -> Sequence[str]:
    """Return the texts of a row that a view may hold."""
    if role is Role.NEGATIVE:
        return example.negatives or example.positives or (example.anchor,)
    return (example.positives or (example.anchor,)) if role is Role.POSITIVE else (example.anchor,)


@contextmanager
def _mapped(cut: Callable[[int], TokenBatch], numbers: Iterable[int], workers: int) -> Iterator[Iterator[TokenBatch]]:
    """Yield the batches, cut in so many processes."""
    if workers == 0:
        yield map(cut, numbers)
        return
    pool = DataWorkers(cut, workers)
    try:
        yield pool.results(numbers)
    finally:
        pool.close()


def _counted(batches: Iterable[TokenBatch], rows: int, progress: Progress) -> Iterator[TokenBatch]:
    for number, batch in enumerate(batches):
        yield batch
        progress.advance(min(_BATCH, rows - number * _BATCH))


def _folder(source: Source, roles: Sequence[Role], key: str) -> Path:
    return cache_folder("tokens") / key_of(_LAYOUT, source.fingerprint, *roles, key)
