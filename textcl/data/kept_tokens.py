"""A cache of tokens: the texts of a source that no augmentation changes are cut into tokens once."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from textcl.data.cache_folder import cache_folder, key_of
from textcl.data.data_workers import DataWorkers
from textcl.data.sent_batch import end_to_end
from textcl.data.token_table import TokenLot, digests, open_table, write_table
from textcl.data.views import ViewSpec
from textcl.errors import DataError
from textcl.types import Example, Role, Source, Tokenize, Tokens

_LAYOUT = 1  # raise it when the same texts would give another table
_LOT = 4096  # rows that are read and cut at once
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
    on_rows: Callable[[int], None],
) -> bool:
    """Cut the texts that views of some roles may hold, in worker processes, and keep them; say whether that went well.

    Args:
        table: Where they are kept.
        source: Its rows are read from the first to the last.
        roles: Whose texts are cut alike.
        tokenize: Cuts them.
        workers: Processes; 0: this one.
        on_rows: Called with the number of rows just done.

    Raises:
        DataError: A row can not be read.
    """
    numbers = range(-(-len(source) // _LOT))
    try:
        with _mapped(partial(cut_lot, source, tuple(roles), tokenize), numbers, workers) as lots:
            write_table(table, _counted(lots, len(source), on_rows))
    except (OSError, pa.ArrowException) as fault:
        reason = getattr(fault, "strerror", None) or fault
        _log.warning("Tokens are not kept, but made when they are wanted: %s can not be written (%s).", table, reason)
        return False
    return True


def cut_lot(source: Source, roles: Sequence[Role], tokenize: Tokenize, number: int) -> TokenLot:
    """Cut the texts of some rows, each once."""
    rows = range(number * _LOT, min((number + 1) * _LOT, len(source)))
    texts = list(dict.fromkeys(text for row in rows for role in roles for text in _texts(source[row], role)))
    tokens = tokenize(texts, roles[0])
    return TokenLot(digests(texts), end_to_end(tokens.ids).astype(np.int32), tokens.lengths)


def _texts(example: Example, role: Role) -> Sequence[str]:
    """Return the texts of a row that a view may hold."""
    if role is Role.NEGATIVE:
        return example.negatives
    return (example.positives or (example.anchor,)) if role is Role.POSITIVE else (example.anchor,)


@contextmanager
def _mapped(cut: Callable[[int], TokenLot], numbers: Iterable[int], workers: int) -> Iterator[Iterator[TokenLot]]:
    """Yield the lots, cut in so many processes."""
    if workers == 0:
        yield map(cut, numbers)
        return
    pool = DataWorkers(cut, workers)
    try:
        yield pool.results(numbers)
    finally:
        pool.close()


def _counted(lots: Iterable[TokenLot], rows: int, on_rows: Callable[[int], None]) -> Iterator[TokenLot]:
    for number, lot in enumerate(lots):
        yield lot
        on_rows(min(_LOT, rows - number * _LOT))


def _folder(source: Source, roles: Sequence[Role], key: str) -> Path:
    return cache_folder("tokens") / key_of(_LAYOUT, source.fingerprint, *roles, key)
