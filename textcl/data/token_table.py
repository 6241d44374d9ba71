"""Sequences of tokens on disk by the text that they were cut from: written once, then mapped into memory."""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from textcl.atomic import new_folder
from textcl.errors import DataError
from textcl.types import IntArray

_IDS, _KEYS = "ids.arrow", "keys.arrow"
_LOT_BITS = 32  # of a place are the position in its lot, the others the number of the lot
_OPEN_TABLES = 8
_SCHEMA = pa.schema([("ids", pa.list_(pa.int32()))])


@dataclass(frozen=True, slots=True)
class TokenLot:
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
            lots = [reader.get_batch(number).column(0) for number in range(reader.num_record_batches)]
        except pa.ArrowException as fault:
            raise DataError(f"{folder}: holds damaged tokens ({fault}).") from fault
        self._first, self._second, self._places = (column.to_numpy() for column in keys.columns)  # (N,) each
        self._lots = [(lot.offsets.to_numpy(), lot.values.to_numpy()) for lot in lots]
        if int(self._places.max(initial=0)) >> _LOT_BITS >= len(self._lots):
            raise DataError(f"{folder}: holds damaged tokens (some are missing).")

    def __len__(self) -> int:
        return len(self._places)

    def sequences(self, texts: Sequence[str]) -> list[IntArray | None]:
        """Return the tokens of each text, N x (L,); None where the text is not there."""
        wanted = digests(texts)  # (N, 2)
        rows = np.searchsorted(self._first, wanted[:, 0]).clip(max=len(self) - 1)
        known = (self._first[rows] == wanted[:, 0]) & (self._second[rows] == wanted[:, 1])
        places = np.where(known, self._places[rows], -1).tolist()
        return [None if place < 0 else self._sequence(place) for place in places]

    def _sequence(self, place: int) -> IntArray:
        offsets, values = self._lots[place >> _LOT_BITS]
        row = place & ((1 << _LOT_BITS) - 1)
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


def write_table(folder: Path, lots: Iterable[TokenLot]) -> None:
    """Write a table, which appears whole or not at all; 24 bytes a text are in memory until then.

    Args:
        folder: Where.
        lots: Are taken one at a time; together at least one text.

    Raises:
        OSError: It can not be written.
    """
    keys = array("q")  # digests and place of each text
    with new_folder(folder) as temporary:
        with pa.ipc.new_file(str(temporary / _IDS), _SCHEMA) as writer:
            for number, lot in enumerate(lots):
                writer.write_batch(_as_batch(lot))
                places = (number << _LOT_BITS) + np.arange(len(lot.lengths))
                keys.frombytes(np.column_stack([lot.digests, places]).tobytes())
        _write_keys(temporary / _KEYS, np.frombuffer(keys, dtype=np.int64).reshape(-1, 3))


def _as_batch(lot: TokenLot) -> Any:
    offsets = np.concatenate([[0], np.cumsum(lot.lengths)]).astype(np.int32)
    return pa.record_batch([pa.ListArray.from_arrays(pa.array(offsets), pa.array(lot.ids))], schema=_SCHEMA)


def _write_keys(file: Path, keys: IntArray) -> None:
    """Write the keys in the order of the digests; of two texts that share the first half, one is missing."""
    _, rows = np.unique(keys[:, 0], return_index=True)
    batch = pa.record_batch([pa.array(keys[rows, column]) for column in range(3)], names=["first", "second", "place"])
    with pa.ipc.new_file(str(file), batch.schema) as writer:
        writer.write_batch(batch)
