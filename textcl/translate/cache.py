"""Translations kept in one SQLite file, as the engines gave them: what is filtered later may be filtered anew."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Self

from textcl.errors import DataError
from textcl.translate.engine import Decoding, Translation
from textcl.translate.language_codes import exact_code

_FORMAT = 1
_AT_ONCE = 500  # keys a look-up
_PATIENCE = 60.0  # seconds to wait for another process that writes
_TABLE = """CREATE TABLE IF NOT EXISTS translations
(key BLOB PRIMARY KEY, text TEXT NOT NULL, unknown INTEGER NOT NULL) WITHOUT ROWID"""


def key_of(version: str, source: str, target: str, decoding: Decoding, seed: int, text: str) -> bytes:
    """Digest all that decides a translation; the seed only counts where words are drawn."""
    drawn = seed if decoding.temperature is not None else 0
    parts = [_FORMAT, version, exact_code(source), exact_code(target), astuple(decoding), drawn, text]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()


class TranslationCache:
    """A database of translations: several processes may use it at once, and one that is killed leaves it whole.

    Args:
        path: The file; it is made where there is none.

    Raises:
        DataError: It can not be made, read or written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")  # a power cut may take the last lot, no more
            self._database.execute(_TABLE)
            self._database.execute("SELECT key, text, unknown FROM translations LIMIT 1").fetchone()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Translation]:
        """Return the translations that are here of some keys."""
        found = {}
        with self._explained():
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                asked = f"SELECT key, text, unknown FROM translations WHERE key IN ({','.join('?' * len(part))})"  # noqa: S608
                for key, text, unknown in self._database.execute(asked, part):
                    found[key] = Translation(text, unknown)
        return found

    def add(self, translations: Mapping[bytes, Translation]) -> None:
        """Keep translations, all of them or none."""
        rows = [(key, translation.text, translation.unknown) for key, translation in translations.items()]
        with self._explained():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR IGNORE INTO translations VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as fault:
            raise DataError(
                f"{self._path}: the cache of translations can not be used ({fault}). Is there room, may it be written? "
                "If it is damaged, delete it: what it holds can be translated again."
            ) from fault
