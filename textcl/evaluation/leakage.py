"""Leakage: evaluation texts that stand in the training text, so that a score measures memory.

A text leaks exactly when a training text has the same letters and digits in the same order, and nearly when one
training text holds most of its runs of words; in scripts without blanks a character is a word. Exact copies of a few
letters may be chance: how many they are is told. Memory grows with the evaluation, never with the training text.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from textcl.evaluation.run import TaskTexts
from textcl.evaluation.task import TextPair
from textcl.text.folding import folded, folded_words, is_short
from textcl.types.batches import IntArray

RUN = 5  # words
SHARE = 0.8  # of a text's runs, in one other text
FEWEST = 4  # distinct runs, those of eight words: shorter texts are phrases that anyone may write
MOST = 64  # runs kept of a long text, evenly spread; so a text takes at most 1 kB


@dataclass(frozen=True, slots=True)
class Held:
    """One text of the set that a text of the stream holds most of."""

    position: int  # in the block of the stream
    number: int  # in the set
    share: float  # of the runs of the text of the set


class Shingles:
    """The runs of words of a set of texts; memory grows with the set alone, not with what is compared with it.

    Args:
        texts: Each as its words.
    """

    def __init__(self, texts: Iterable[list[str]]) -> None:
        keys, sizes = array("q"), array("q")
        for words in texts:
            runs = _spread(_runs(words))
            keys.extend(runs)
            sizes.append(len(runs))
        self._sizes: IntArray = np.array(sizes, dtype=np.int64)  # runs of each text
        owners: IntArray = np.repeat(np.arange(len(sizes)), self._sizes)
        order = np.argsort(np.array(keys, dtype=np.int64), kind="stable")
        self._keys: IntArray = np.array(keys, dtype=np.int64)[order]
        self._owners: IntArray = owners[order]

    def __len__(self) -> int:
        return len(self._keys)

    def held(self, block: Sequence[list[str]]) -> Iterator[Held]:
        """Yield each text of the set of which a text of the block holds the share or more, in the block's order."""
        runs = [set(_runs(words)) for words in block]
        keys: IntArray = np.fromiter((key for text in runs for key in text), dtype=np.int64)
        positions = np.repeat(np.arange(len(block)), [len(text) for text in runs])
        first = np.searchsorted(self._keys, keys, side="left")
        counts = np.searchsorted(self._keys, keys, side="right") - first  # texts of the set that have the run
        starts = np.repeat(first - np.cumsum(counts) + counts, counts)
        owners = self._owners[starts + np.arange(counts.sum())]
        pairs, common = np.unique(np.repeat(positions, counts) * len(self._sizes) + owners, return_counts=True)
        for pair, count in zip(pairs.tolist(), common.tolist(), strict=True):
            position, number = divmod(pair, len(self._sizes))
            share = count / int(self._sizes[number])
            if share >= SHARE:
                yield Held(position, number, share)


def _runs(words: list[str]) -> list[int]:
    """Return the distinct runs of a text, in order, as 64-bit numbers that mean something in this process only."""
    return list(dict.fromkeys(map(hash, zip(*(words[start:] for start in range(RUN)), strict=False))))


def _spread(runs: list[int]) -> list[int]:
    """Keep none of too few runs, and of many `MOST`."""
    if len(runs) < FEWEST:
        return []
    return [runs[position] for position in np.linspace(0, len(runs) - 1, min(len(runs), MOST)).round().astype(int)]


_SAME = 1e-6  # scores that differ by no more are one


@dataclass(frozen=True, slots=True)
class PairLeakage:
    """How many of a task's pairs leak exactly; each count holds the next."""

    pairs: int
    both: int  # both texts stand somewhere in the training text
    together: int  # in one row of it
    same_grade: int | None  # in a row with the pair's own score or label: the answer leaks too; None without grades


class TaskPairs:
    """The pairs of one task, and where their texts were met.

    Args:
        pairs: What the task compares.
        number_of: The number of a text; equal texts have one.
    """

    def __init__(self, pairs: Sequence[TextPair], number_of: Callable[[str], int]) -> None:
        self._grades: dict[tuple[int, int], list[float | None]] = {}  # two numbers, the smaller first -> their grades
        for pair in pairs:
            one, other = sorted((number_of(pair.first), number_of(pair.second)))
            self._grades.setdefault((one, other), []).append(pair.grade)
        self._together: set[tuple[int, int]] = set()
        self._same: dict[tuple[int, int], set[int]] = {}  # positions in the list of grades

    def __len__(self) -> int:
        return sum(map(len, self._grades.values()))

    def meet(self, one: int, other: int, grade: float | None) -> None:
        """Note that a training row with this score or label holds both texts, the smaller number first."""
        grades = self._grades.get((one, other))
        if grades is None:
            return
        self._together.add((one, other))
        same = {position for position, own in enumerate(grades) if _are_same(own, grade)}
        if same:
            self._same.setdefault((one, other), set()).update(same)

    def add(self, other: "TaskPairs") -> None:
        """Note what another has met of the same pairs."""
        self._together |= other._together
        for pair, same in other._same.items():
            self._same.setdefault(pair, set()).update(same)

    def leakage(self, exact: set[int]) -> PairLeakage:
        """Count the pairs.

        Args:
            exact: The numbers of the texts that leak exactly and are long enough to count.
        """
        together = sum(len(self._grades[pair]) for pair in self._together)
        apart = (pair for pair in self._grades if pair not in self._together and exact.issuperset(pair))
        both = together + sum(len(self._grades[pair]) for pair in apart)
        graded = any(grade is not None for grades in self._grades.values() for grade in grades)
        same = sum(map(len, self._same.values())) if graded else None
        return PairLeakage(len(self), both, together, same)


def _are_same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _SAME


_BLOCK = 1024  # training rows compared at once


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """Texts that a run sees together: a line, a pair, a triplet."""

    location: str  # such as `pairs.jsonl, line 17`
    texts: tuple[str, ...]
    grade: float | None = None  # its score or label


@dataclass(frozen=True, slots=True)
class Copy:
    """An evaluation text and the training text that holds it; the first exact one, else the one that holds most."""

    text: str
    found: str
    location: str
    share: float  # of the text's runs of words; 1 for an exact copy


@dataclass(frozen=True, slots=True)
class PartLeakage:
    """How much of a task's texts, or of its queries or documents, stands in the training text."""

    texts: int  # distinct ones
    short: int  # of the exact copies, those of so few letters that they may be chance
    exact: tuple[Copy, ...]
    near: tuple[Copy, ...]  # without the exact ones

    @property
    def share(self) -> float:
        """The fraction of the texts that leak, exactly or nearly."""
        return (len(self.exact) + len(self.near)) / self.texts if self.texts else 0.0


@dataclass(frozen=True, slots=True)
class Leakage:
    """What of one task leaks."""

    parts: Mapping[str, PartLeakage]  # `texts`, or `queries` and `documents`
    pairs: PairLeakage | None  # None where the task compares no pairs, or does not say which
    knows_pairs: bool = True  # False where it does not say which texts it compares: only single texts were searched for

    @property
    def leaks(self) -> bool:
        """Whether anything does."""
        return any(part.exact or part.near for part in self.parts.values()) or bool(self.pairs and self.pairs.together)


def find_leakage(tasks: Mapping[str, TaskTexts], rows: Iterable[TrainingRow]) -> dict[str, Leakage]:
    """Compare what tasks read with what a run reads.

    Args:
        tasks: By their names.
        rows: The training text; read once, and not kept.

    Returns:
        For each task what leaks.
    """
    search = Search(tasks)
    search.compare_all(rows)
    return {name: search.leakage(name) for name in tasks}


@dataclass(frozen=True, slots=True)
class _Match:
    """Where a text was found."""

    found: str
    location: str
    share: float


@dataclass(frozen=True, slots=True)
class Found:
    """Where the texts of a search, by their numbers, and its pairs, by their task, were met."""

    exact: dict[int, _Match]
    near: dict[int, _Match]
    pairs: dict[str, TaskPairs]

    def add(self, other: "Found") -> None:
        """Add what was met in rows that come later."""
        for number, match in other.exact.items():
            self.exact.setdefault(number, match)
        for number, match in other.near.items():
            best = self.near.get(number)
            if best is None or match.share > best.share:
                self.near[number] = match
        for name, pairs in other.pairs.items():
            self.pairs[name].add(pairs)


class Search:
    """The texts of all tasks, each once, and where they were found."""

    def __init__(self, tasks: Mapping[str, TaskTexts]) -> None:
        self._numbers: dict[int, int] = {}  # hash of a folded text -> its number
        self._texts: list[str] = []
        self._short: set[int] = set()
        self._parts = {
            name: {part: {self._add(text): text for text in texts} for part, texts in task.parts.items()}
            for name, task in tasks.items()
        }
        pairs = {name: TaskPairs(task.pairs or (), self._add) for name, task in tasks.items()}
        self._knows_pairs = {name: task.pairs is not None for name, task in tasks.items()}
        self._shingles = Shingles(map(folded_words, self._texts))
        self.found = Found({}, {}, pairs)

    def compare_all(self, rows: Iterable[TrainingRow]) -> None:
        """Look for copies in rows, which are not kept."""
        stream = iter(rows)
        while block := list(islice(stream, _BLOCK)):
            self.compare(block)

    def compare(self, rows: list[TrainingRow]) -> None:
        """Look for copies in some rows."""
        words: list[list[str]] = []
        origins: list[tuple[str, TrainingRow]] = []
        for row in rows:
            cut = [folded_words(text) for text in row.texts]
            self._compare_exactly(row, list(map(_key, row.texts, cut)))
            words += cut
            origins += [(text, row) for text in row.texts]
        for held in self._shingles.held(words):
            best = self.found.near.get(held.number)
            if best is None or held.share > best.share:
                text, row = origins[held.position]
                self.found.near[held.number] = _Match(text, row.location, held.share)

    def leakage(self, name: str) -> Leakage:
        """Return what was found of a task."""
        pairs = self.found.pairs[name]
        counted = {number for number in self.found.exact if number not in self._short}
        return Leakage(
            {part: self._part(texts) for part, texts in self._parts[name].items()},
            pairs.leakage(counted) if len(pairs) else None,
            self._knows_pairs[name],
        )

    def _compare_exactly(self, row: TrainingRow, keys: list[str]) -> None:
        met = []
        for key, text in zip(keys, row.texts, strict=True):
            number = self._numbers.get(hash(key)) if key else None  # a blank text is a copy of none
            if number is not None:
                met.append(number)
                self.found.exact.setdefault(number, _Match(text, row.location, 1.0))
        for one, other in combinations(sorted(met), 2):
            for pairs in self.found.pairs.values():
                pairs.meet(one, other, row.grade)

    def _part(self, texts: dict[int, str]) -> PartLeakage:
        found = self.found
        exact = tuple(_copy(text, found.exact[number]) for number, text in texts.items() if number in found.exact)
        rest = (number for number in texts if number in found.near and number not in found.exact)
        near = tuple(_copy(texts[number], found.near[number]) for number in rest)
        return PartLeakage(len(texts), len(self._short & texts.keys() & self.found.exact.keys()), exact, near)

    def _add(self, text: str) -> int:
        """Return the number of a text; equal texts share one."""
        words = folded_words(text)
        number = self._numbers.setdefault(hash(_key(text, words)), len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
            if is_short(words):
                self._short.add(number)
        return number


def _key(text: str, words: list[str]) -> str:
    """Return what two texts share when they are copies: letters and digits, or without any (emoji) the spelling."""
    return folded(words) or text.strip()


def _copy(text: str, match: _Match) -> Copy:
    return Copy(text, match.found, match.location, match.share)
