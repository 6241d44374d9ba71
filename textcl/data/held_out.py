"""Rows that are held out from training, so that no text stands on both sides.

Rows that share a text, anchor or positive, stay together, and so do the rows that share another text with those. Which
groups are held out follows from a digest of their texts: any machine chooses alike, for every seed of a run, and most
of what was held out is so again when rows are added.

A negative joins no rows: mined negatives would join all of them. A negative that is a text of the held-out part is
taken from its row of the training part: another negative of the row stands in its place, or the row trains without.
"""

import hashlib
import logging
import zipfile
from array import array
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, repeat

import numpy as np
from numpy.typing import NDArray

from textcl.data.orders import mixed
from textcl.data.sources.file_rows import first_pass
from textcl.data.sources.some_rows import Rest, SomeRows
from textcl.data.workers import DataWorkers
from textcl.errors import DataError
from textcl.text.folding import folded_number
from textcl.types.batches import BoolArray, IntArray
from textcl.types.text import Source
from textcl.util.atomic import new_file
from textcl.util.cache import cache_folder, key_of
from textcl.util.seeds import derive

Keys = NDArray[np.uint64]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Amount:
    """How many rows are held out: a share of them, or a number."""

    size: float  # below 1: the fraction of all rows
    seed: int = 0  # another holds out other rows

    def rows(self, of: int) -> int:
        """Return how many of so many rows are meant."""
        return max(1, round(self.size * of)) if self.size < 1 else int(self.size)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are kept from training, numbered over all sources end to end."""

    away: IntArray  # rows that are not trained on, ascending
    touched: IntArray  # rows that are, and have a negative that is a text of the held-out part
    texts: IntArray  # the numbers of the texts of the held-out part, ascending


@dataclass(frozen=True, slots=True)
class Divided:
    """The two sides of each source, in the order of the sources."""

    train: tuple[Source, ...]
    held: tuple[Source, ...]  # one without rows where none of a source is held out


def hold_out(sources: Sequence[Source], amount: Amount) -> Divided:
    """Divide sources into what is trained on and what is held out.

    Args:
        sources: Each is divided in the same measure; labelled rows in the same measure of each label.
        amount: Of the rows of all sources together.

    Raises:
        DataError: There are too few rows, or those that share texts cannot be divided so; says what is possible.
    """
    count = sum(map(len, sources))
    wanted = amount.rows(count)
    if wanted > count - 2:
        raise DataError(f"found {wanted:,} rows to hold out of {count:,}, but 2 must be left to train on.")
    key = ("amount", amount.size, amount.seed)
    choice = _kept_choice(sources, key, lambda read: _chosen(read, wanted, amount.seed, sources))
    if len(choice.away) < _NEARLY * wanted:
        _log.warning(
            "data.held_out: %s rows are held out, not %s: rows that share texts stay together, and the other groups of "
            "such rows are too large.",
            f"{len(choice.away):,}",
            f"{wanted:,}",
        )
    return _divided(sources, choice, ())


def hold_out_texts(sources: Sequence[Source], held: Source) -> Divided:
    """Take from sources the rows that share a text with rows that somebody has held out.

    Args:
        sources: What would be trained on.
        held: The held-out rows.

    Raises:
        DataError: Fewer than 2 rows would be left to train on.
    """
    count = sum(map(len, sources))
    choice = _kept_choice([*sources, held], ("texts",), lambda read: _sharing(read, count))
    shared = f"{len(choice.away):,} of {count:,} rows share a text with the held-out rows"
    if len(choice.away) > count - 2:
        raise DataError(f"{shared}, and fewer than 2 are left to train on. Take a file of other texts.")
    if len(choice.away):
        _log.warning("data.held_out: %s, and are not trained on.", shared)
    return _divided(sources, choice, (held,))


_NEARLY = 0.9  # of the rows that were wanted; with fewer there is a word of it


def _divided(sources: Sequence[Source], choice: Choice, held: tuple[Source, ...]) -> Divided:
    mark = key_of(
        *(hashlib.blake2b(part.tobytes()).hexdigest() for part in (choice.away, choice.touched, choice.texts))
    )
    train, away, start = [], [], 0
    for source in sources:
        own, touched = (_between(rows, start, start + len(source)) for rows in (choice.away, choice.touched))
        rest = Rest(own - np.arange(len(own)), len(source))
        train.append(SomeRows(source, rest, f"train {mark}", touched.tolist(), choice.texts))
        away.append(SomeRows(source, own, f"held {mark}"))
        start += len(source)
    return Divided(tuple(train), held or tuple(away))


def _between(rows: IntArray, start: int, end: int) -> IntArray:
    inside: IntArray = rows[np.searchsorted(rows, start) : np.searchsorted(rows, end)] - start
    return inside


@dataclass(frozen=True, slots=True)
class _Read:
    """The texts of N rows, as numbers that equal texts share, and what the rows are divided by."""

    owners: IntArray  # (T,) the row of each anchor and positive
    texts: IntArray  # (T,)
    negative_owners: IntArray  # (M,)
    negatives: IntArray  # (M,)
    marks: IntArray  # (N,) the label of a row, or whether its score is 0 or 1
    are_labels: BoolArray  # (N,) whether it is a label


def _read(sources: Sequence[Source]) -> _Read:
    """Read all rows, in several processes where they are many."""
    parts = [
        (number, range(start, min(start + _PART, len(source))))
        for number, source in enumerate(sources)
        for start in range(0, len(source), _PART)
    ]
    starts = list(accumulate(map(len, sources), initial=0))
    workers = min(first_pass().workers, len(parts) - 1)
    if workers < 2:
        found = list(map(partial(_read_part, sources), parts))
    else:
        with closing(DataWorkers(partial(_read_part, sources), workers)) as pool:
            found = list(pool.results(parts))
    for read, (number, _) in zip(found, parts, strict=True):
        read[0][:] += starts[number]
        read[2][:] += starts[number]
    owners, texts, negative_owners, negatives, marks, are_labels = map(np.concatenate, zip(*found, strict=True))
    return _Read(owners, texts, negative_owners, negatives, marks, are_labels.astype(np.bool_))


_PART = 50_000  # rows that a process reads at once
_SCORES = {0.0: 0, 1.0: 1}  # labels of pairs; other scores are grades
_GRADED = 2


def _read_part(sources: Sequence[Source], part: tuple[int, range]) -> tuple[IntArray, ...]:
    """Read some rows of a source; they are numbered within it."""
    owners, texts, negative_owners, negatives, marks, are_labels = (array("q") for _ in range(6))
    source, rows = sources[part[0]], part[1]
    for row in rows:
        example = source[row]
        own = (example.anchor, *example.positives)
        owners.extend(repeat(row, len(own)))
        texts.extend(map(folded_number, own))
        negative_owners.extend(repeat(row, len(example.negatives)))
        negatives.extend(map(folded_number, example.negatives))
        has_label = example.label is not None
        marks.append(example.label if example.label is not None else _SCORES.get(example.score or 0.0, _GRADED))
        are_labels.append(has_label)
    found = (owners, texts, negative_owners, negatives, marks, are_labels)
    return tuple(np.array(column, dtype=np.int64) for column in found)


def _chosen(read: _Read, wanted: int, seed: int, sources: Sequence[Source]) -> Choice:
    """Choose groups of rows, those with the lowest digests first, until there are enough rows of each stratum."""
    groups = _groups(read)
    sizes, first = np.bincount(groups), np.zeros(groups.max() + 1, dtype=np.int64)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    strata, least = _strata(read, sources)
    of_group = strata[first]  # a group of rows of several strata counts as its first row does
    keys = _keys(read, groups, seed)
    order = np.lexsort((keys, of_group))
    ends = np.cumsum(np.bincount(of_group, minlength=len(least)))
    taken = np.zeros(len(sizes), dtype=np.bool_)
    for stratum, quota in enumerate(_quotas(np.bincount(strata), least, wanted).tolist()):
        members = order[ends[stratum - 1] if stratum else 0 : ends[stratum]]
        taken[_fitting(members.tolist(), sizes, quota)] = True
    left = wanted - int(sizes[taken].sum())  # of strata whose rows are joined to those of others
    others = np.flatnonzero(~taken) if left else order[:0]
    taken[_fitting(others[np.argsort(keys[others])].tolist(), sizes, left)] = True
    if not taken.any():
        raise DataError(
            f"found {wanted:,} rows to hold out, but rows that share texts stay together, and the groups of such rows "
            f"have {int(sizes.min()):,} to {int(sizes.max()):,} of {len(groups):,} rows. Hold out more, take out texts "
            "that many rows share, or name a file of held-out rows."
        )
    is_away = taken[groups]
    return _choice(read, is_away, np.unique(read.texts[is_away[read.owners]]))


def _fitting(groups: Sequence[int], sizes: IntArray, quota: int) -> list[int]:
    """Return the groups, in their order, that fit into a number of rows."""
    taken = []
    for group in groups if quota else ():
        if sizes[group] <= quota:
            taken.append(group)
            quota -= int(sizes[group])
            if not quota:
                break
    return taken


def _sharing(read: _Read, count: int) -> Choice:
    """Choose, of so many rows, those that share a text with the rows behind them."""
    texts = np.unique(read.texts[read.owners >= count])
    is_away = np.zeros(len(read.marks), dtype=np.bool_)
    is_away[read.owners[np.isin(read.texts, texts)]] = True
    is_away[count:] = False
    return _choice(read, is_away, texts)


def _choice(read: _Read, is_away: BoolArray, texts: IntArray) -> Choice:
    """Find the rows that stay, and have a negative that is a text of the held-out part."""
    touched = read.negative_owners[np.isin(read.negatives, texts)]
    return Choice(np.flatnonzero(is_away), np.unique(touched[~is_away[touched]]), texts)


def _groups(read: _Read) -> IntArray:
    """Number the groups of rows that are joined through shared texts, (N,)."""
    from scipy.sparse import coo_array  # which few runs need
    from scipy.sparse.csgraph import connected_components

    _, first, inverse = np.unique(read.texts, return_index=True, return_inverse=True)
    others = read.owners[first][inverse]  # (T,) the first row that holds the text
    links = np.flatnonzero(others != read.owners)
    ends = (read.owners[links], others[links])
    graph = coo_array((np.ones(len(links), dtype=np.int8), ends), shape=(len(read.marks),) * 2)
    _, groups = connected_components(graph, directed=False)
    return groups.astype(np.int64)


def _keys(read: _Read, groups: IntArray, seed: int) -> Keys:
    """Return the lowest digest of the texts of each group."""
    keys = np.full(groups.max() + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    digests = mixed(read.texts.astype(np.uint64) ^ np.uint64(derive(seed, "held out")))
    np.minimum.at(keys, groups[read.owners], digests)
    return keys


def _strata(read: _Read, sources: Sequence[Source]) -> tuple[IntArray, IntArray]:
    """Number what rows are divided by: their source and its labels; (N,), and how many rows of each are worth while."""
    strata, least, start, count = [], [], 0, 0
    for size in map(len, sources):
        marks, own = np.unique(read.marks[start : start + size], return_inverse=True)
        strata.append(own + count)
        is_labelled = size > 0 and bool(read.are_labels[start])
        least.append(np.full(len(marks), _OF_A_LABEL if is_labelled else 1))
        start, count = start + size, count + len(marks)
    return np.concatenate(strata), np.concatenate(least)


_OF_A_LABEL = 2  # rows: a probe learns from one text of a label what it says of another


def _quotas(sizes: IntArray, least: IntArray, wanted: int) -> IntArray:
    """Share rows out among strata of these sizes, those with the largest remainder first; all but few get `least`."""
    exact = sizes * (wanted / sizes.sum())
    quotas: IntArray = (exact // least * least).astype(np.int64)
    left = wanted - int(quotas.sum())
    for stratum in np.argsort(-(exact - quotas) / least, kind="stable").tolist():
        more = min(left, int(least[stratum]), int(sizes[stratum] - quotas[stratum]))
        quotas[stratum] += more
        left -= more
        if not left:
            break
    return quotas


_MANY = 100_000  # rows; fewer are read through in a second or two, each time


def _kept_choice(sources: Sequence[Source], settings: tuple[object, ...], choose: Callable[[_Read], Choice]) -> Choice:
    """Return the choice that an earlier run kept in the user's cache, or make it; that of few rows is not kept."""
    if sum(map(len, sources)) < _MANY:
        return choose(_read(sources))
    file = cache_folder("held-out") / f"{key_of(_LAYOUT, *settings, *(source.fingerprint for source in sources))}.npz"
    try:
        with np.load(file, allow_pickle=False) as kept:
            return Choice(kept["away"], kept["touched"], kept["texts"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        choice = choose(_read(sources))
    try:
        with new_file(file) as temporary, temporary.open("wb") as opened:
            np.savez(opened, away=choice.away, touched=choice.touched, texts=choice.texts)
    except OSError as error:  # a home that is read-only or full: the rows are only read through again next time
        _log.warning("Which rows are held out is not kept: %s cannot be written (%s).", file, error.strerror or error)
    return choice


_LAYOUT = 1  # raise it when the same rows would be divided otherwise
