"""An order in which rows of several sources stand side by side, in every batch as in the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from textcl.errors import DataError
from textcl.types.batches import FloatArray, IntArray
from textcl.types.text import Source
from textcl.util.seeds import derive


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows in the order in which they are trained on."""

    rows: IntArray  # (N,) of the source
    passes: IntArray  # (N,) how often the row was drawn before: each time its views are drawn anew

    def __getitem__(self, part: slice) -> "Drawn":
        return Drawn(self.rows[part], self.passes[part])


class Epoch(Protocol):
    """The rows of an epoch in their order; any part of it can be asked for."""

    def __getitem__(self, part: slice) -> Drawn: ...


Order = Callable[[int], Epoch]  # from the number of an epoch, all of whose draws follow from it


@dataclass(frozen=True, slots=True)
class Shuffled:
    """Every row once, each epoch in a permutation of its own."""

    count: int  # rows
    seed: int

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rows = np.random.default_rng(derive(self.seed, "order", epoch)).permutation(self.count)
        return Drawn(rows, np.full(self.count, epoch))


@dataclass(frozen=True, slots=True)
class Computed:
    """Every row once, each epoch in a permutation of its own that is computed where it is asked for, and never held.

    The position of a row goes through rounds of a Feistel network, which can be undone and so hits each number of a
    power of 4 once; a number beyond the rows goes through again until it is one of theirs.

    Source:
        Black and Rogaway 2002, Ciphers with Arbitrary Finite Domains, section 4 (cycle walking).

    Args:
        count: Rows, up to 10¹⁸.
        seed: The seed of the run's data.
    """

    count: int
    seed: int

    def __call__(self, epoch: int) -> "ComputedEpoch":
        """Return the rows of an epoch."""
        rng = np.random.default_rng(derive(self.seed, "order", epoch))
        keys = rng.integers(2**64, size=_ROUNDS, dtype=np.uint64)
        return ComputedEpoch(self.count, epoch, tuple(keys))


_ROUNDS, _AT_ONCE = 8, 8192  # of the network; positions that go through it together
_LEAST_BITS = 4  # of half a number: few rows are shuffled by going through again, not by rounds of a bit or two


@dataclass(frozen=True, slots=True)
class ComputedEpoch:
    """An epoch of `Computed`."""

    count: int
    epoch: int
    keys: tuple[np.uint64, ...]

    def __getitem__(self, part: slice) -> Drawn:
        start, stop, step = part.indices(self.count)
        locations = np.arange(start, stop, step, dtype=np.int64)
        rows = [self._rows(locations[first : first + _AT_ONCE]) for first in range(0, len(locations), _AT_ONCE)]
        return Drawn(np.concatenate([*rows, np.empty(0, np.int64)]), np.full(len(locations), self.epoch))

    def _rows(self, locations: IntArray) -> IntArray:
        half = np.uint64(max(_LEAST_BITS, (max(self.count - 1, 1).bit_length() + 1) // 2))
        numbers = self._through(locations.astype(np.uint64), half)
        while (beyond := np.flatnonzero(numbers >= self.count)).size:
            numbers[beyond] = self._through(numbers[beyond], half)
        return numbers.astype(np.int64)

    def _through(self, numbers: NDArray[np.uint64], half: np.uint64) -> NDArray[np.uint64]:
        left, right = numbers >> half, numbers & _ones(half)
        for key in self.keys:
            left, right = right, left ^ (mixed(right ^ key) & _ones(half))
        return (left << half) | right


def _ones(bits: np.uint64) -> np.uint64:
    return (np.uint64(1) << bits) - np.uint64(1)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers each bit of which depends on each bit of the ones given (the finaliser of SplitMix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


class LabelGroups:
    """Every row once an epoch, so many rows of one label side by side, where the label has as many.

    Args:
        source: Its rows carry labels.
        rows_per_label: Rows of a group.
        seed: The seed of the run's data.

    Raises:
        DataError: A row has no label.
    """

    def __init__(self, source: Source, rows_per_label: int, seed: int) -> None:
        self._labels = np.array([_label(source, row) for row in range(len(source))], dtype=np.int64)
        self._rows_per_label, self._seed = rows_per_label, seed

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rng = np.random.default_rng(derive(self._seed, "order", epoch))
        rows = grouped(rng.permutation(len(self._labels)), self._labels, self._rows_per_label, rng)
        return Drawn(rows, np.full(len(rows), epoch))


def _label(source: Source, row: int) -> int:
    label = source[row].label
    if label is None:
        raise DataError(
            f"{source.location(row)}: found no label; data.rows_per_label groups rows by it. Give each one."
        )
    return label


def grouped(order: IntArray, labels: IntArray, rows_per_label: int, rng: np.random.Generator) -> IntArray:
    """Put rows of one label side by side, in groups that are in a random order.

    Args:
        order: A permutation of the rows, (N,); within a label it stays.
        labels: The label of each row, (N,).
        rows_per_label: Rows of a group; the last group of a label may be smaller.
        rng: Orders the groups.

    Returns:
        Another permutation of the rows, (N,).
    """
    by_label = order[np.argsort(labels[order], kind="stable")]  # (N,)
    starts = np.flatnonzero(np.diff(labels[by_label])) + 1
    groups = [
        rows[start : start + rows_per_label]
        for rows in np.split(by_label, starts)
        for start in range(0, len(rows), rows_per_label)
    ]
    return np.concatenate([groups[number] for number in rng.permutation(len(groups))])


def shares_of(sizes: Sequence[int], weights: Sequence[float] | None, temperature: float = 1.0) -> tuple[float, ...]:
    """Return the fraction of all drawn rows that each source gets; together they are 1.

    Args:
        sizes: Rows of each source.
        weights: Of each source, above 0; None: by temperature.
        temperature: The shares go with size^(1 / temperature): at 1 by size, at 2 by the root of it, so that small
            sources get more than their part; the higher, the more alike.

    Source:
        Arivazhagan et al. 2019, Massively Multilingual Neural Machine Translation in the Wild, section 4.2.
        arXiv:1907.05019
    """
    parts = [size ** (1 / temperature) for size in sizes] if weights is None else list(weights)
    return tuple(part / sum(parts) for part in parts)


def apportioned(total: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Cut a number of rows into whole parts by shares, each less than a row from its own: by largest remainder."""
    exact = np.array(shares) * total
    parts = np.floor(exact).astype(np.int64)
    remainders = exact - parts
    parts[np.argsort(-remainders, kind="stable")[: total - int(parts.sum())]] += 1
    return tuple(parts.tolist())


def interleaved(counts: Sequence[int]) -> IntArray:
    """Spread the turns of several sources evenly: the k-th of n stands (k - 1/2) / n of the way.

    After any number of turns each of S sources has had its part of them to within 1/2 + (S - 2) / 2 times its share:
    half a turn for two.

    Args:
        counts: Turns of each source.

    Returns:
        The number of the source of each turn, (N,).
    """
    locations: FloatArray = np.concatenate([(np.arange(count) + 0.5) / max(count, 1) for count in counts])
    owners = np.repeat(np.arange(len(counts)), counts)
    return owners[np.argsort(locations, kind="stable")]


class Blended:
    """The rows of several sources, end to end one source, drawn by shares.

    An epoch has as many rows as the sources together. A source goes on where the epoch before stopped, and begins a
    new permutation when it is through: small ones are repeated within an epoch, large ones take several. Where a
    source begins anew within a batch, a row may stand in it twice; being the same text, it is no negative of itself.

    Args:
        sizes: Rows of each source, by its name.
        shares: Of each source, together 1.
        batch_rows: Rows of a batch, which no source must have to fill by repeats.
        seed: The seed of the run's data.

    Raises:
        ValueError: A source would get no row of an epoch, or more rows of a batch than it has.
    """

    def __init__(self, sizes: Mapping[str, int], shares: Sequence[float], batch_rows: int, seed: int) -> None:
        self._sizes, self._seed = tuple(sizes.values()), seed
        self._starts = (0, *accumulate(self._sizes))
        self._counts = apportioned(self._starts[-1], shares)
        self._owners = interleaved(self._counts)
        for (name, size), count in zip(sizes.items(), self._counts, strict=True):
            self._refuse_unfit_share(name, size, count, batch_rows)

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rows, passes = np.empty_like(self._owners), np.empty_like(self._owners)
        for number in range(len(self._sizes)):
            own = self._owners == number
            rows[own], passes[own] = self._stretch(number, epoch)
        return Drawn(rows, passes)

    def _refuse_unfit_share(self, name: str, size: int, count: int, batch_rows: int) -> None:
        rows = self._starts[-1]
        if count == 0:
            raise ValueError(f"source '{name}' would get no row of the {rows:,} of an epoch; give it a larger weight.")
        if count * batch_rows > size * rows:
            raise ValueError(
                f"source '{name}' has {size:,} rows, but its share of a batch is {count * batch_rows / rows:.1f}; give "
                "it a smaller weight, or make batches smaller."
            )

    def _stretch(self, number: int, epoch: int) -> tuple[IntArray, IntArray]:
        """Return what a source gives to an epoch: rows and passes."""
        size, count = self._sizes[number], self._counts[number]
        locations = np.arange(epoch * count, (epoch + 1) * count)
        passes = locations // size
        orders = {int(turn): self._permutation(number, int(turn)) for turn in np.unique(passes)}
        rows = np.concatenate([orders[turn][locations[passes == turn] % size] for turn in orders])
        return rows + self._starts[number], passes

    def _permutation(self, number: int, turn: int) -> IntArray:
        return np.random.default_rng(derive(self._seed, "order", number, turn)).permutation(self._sizes[number])
