"""From the nearest candidates of some queries to their negatives: ranks, bounds, sampling."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import numpy as np

from textcl.mining.collection import Collection
from textcl.types.batches import BoolArray, FloatArray, IntArray
from textcl.types.protocols import Hits


class ExclusionReason(IntEnum):
    """Why a candidate is no negative; the first that holds counts."""

    NONE = 0
    POSITIVE = 1
    OWN_TEXT = 2
    SAME_LABEL = 3
    RESPELT = 4
    CLOSE = 5
    ABSOLUTE_MARGIN = 6
    RELATIVE_MARGIN = 7
    MAX_SCORE = 8
    MIN_SCORE = 9


class Exclusion:
    """What is known before any score is looked at.

    Texts are compared by their letters, their digits and the few marks that matter (`text_number.py`), so that case,
    punctuation and white space make no other text of a positive.

    Args:
        collection: The queries and candidates.
    """

    def __init__(self, collection: Collection) -> None:
        c = collection
        self._folds, self._query_folds, self._candidate_folds = c.folds, c.query_folds, c.candidate_folds
        positives = c.query_folds[c.pairs[:, 0]] * c.folds + c.candidate_folds[c.pairs[:, 1]]
        self._positives = np.unique(positives)
        self._is_first = np.zeros(len(c.candidates), dtype=np.bool_)
        self._is_first[np.unique(c.candidate_folds, return_index=True)[1]] = True
        self._labels = np.unique(c.labels[:, [0, 2]], axis=0)  # (query, label), by query
        carried = (c.labels[:, 2] * c.folds + folds for folds in (c.query_folds[c.labels[:, 0]], self._of_labels(c)))
        self._carriers = np.unique(np.concatenate(list(carried)))  # label and text
        self._counts = np.bincount(c.query_folds[c.pairs[:, 0]], minlength=c.folds)  # (folds,) positives

    def most(self, queries: IntArray) -> int:
        """Return how many candidates at most are excluded of a query as its positives or its own text."""
        return int(self._counts[self._query_folds[queries]].max(initial=0)) + 1

    def reasons(self, queries: IntArray, candidates: IntArray) -> IntArray:
        """Return the `ExclusionReason` of each candidate.

        Args:
            queries: Numbers of queries, (q,).
            candidates: Numbers of candidates of each, (q, k); -1 is none.
        """
        texts = self._candidate_folds[candidates]  # (q, k)
        own = self._query_folds[queries][:, None]
        reasons = np.where(self._is_first[candidates], ExclusionReason.NONE, ExclusionReason.RESPELT).astype(np.int64)
        for labels in self._labels_of(queries):
            carries = _among(labels[:, None] * self._folds + texts, self._carriers) & (labels[:, None] >= 0)
            reasons[carries] = ExclusionReason.SAME_LABEL
        reasons[texts == own] = ExclusionReason.OWN_TEXT
        reasons[_among(own * self._folds + texts, self._positives)] = ExclusionReason.POSITIVE
        return reasons

    def _labels_of(self, queries: IntArray) -> Iterator[IntArray]:
        """Yield the first label of each query, (q,), then the second of each, …; -1 is none."""
        starts = np.searchsorted(self._labels[:, 0], queries)
        counts = np.searchsorted(self._labels[:, 0], queries, side="right") - starts
        for location in range(int(counts.max(initial=0))):
            rows = np.minimum(starts + location, len(self._labels) - 1)
            yield np.where(location < counts, self._labels[rows, 1], -1)

    @staticmethod
    def _of_labels(collection: Collection) -> IntArray:
        return collection.candidate_folds[collection.labels[:, 1]]


def _among(keys: IntArray, known: IntArray) -> BoolArray:
    """Say which keys are among sorted known ones."""
    if not len(known):
        return np.zeros(keys.shape, dtype=np.bool_)
    locations = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: BoolArray = known[locations] == keys
    return found


Sampling = Literal["top", "random"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a candidate's score must lie to be taken for a negative; None: anywhere.

    Margins are measured from the query's lowest positive, so what is kept lies below all of its positives.

    Args:
        max_score: The highest score.
        min_score: The lowest score.
        absolute_margin: How far below the positive, in units of the score.
        relative_margin: How far below the positive, as a fraction of the size of its score. So 0.05 asks for at most
            0.76 where the positive has 0.8, and for at most -0.84 where it has -0.8.
    """

    max_score: float | None = None
    min_score: float | None = None
    absolute_margin: float | None = None
    relative_margin: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_score", "min_score", "absolute_margin", "relative_margin"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; it must be a finite number.")
        if self.max_score is not None and self.min_score is not None and self.max_score < self.min_score:
            raise ValueError(f"max_score {self.max_score} is below min_score {self.min_score}; nothing lies between.")


@dataclass(frozen=True, slots=True)
class MiningRequest:
    """What is mined for each query.

    The candidates of a query are all texts but its known positives, its own text, rows of its label, and texts that
    differ from one of these, or from another candidate, in spelling alone. Of its `last` nearest candidates those out
    of bounds go; of the others the `first` hardest are passed over, and the negatives are taken from the rest.

    Args:
        negatives: Negatives of each query, at most.
        first: Candidates that are passed over, as they may be positives that nobody noted.
        last: Candidates that are looked at.
        bounds: On their scores.
        sampling: top takes the hardest, random any.
        close: A candidate is no negative when its cosine with a positive of the query is above this; None: any may be.
        seed: Decides what random sampling takes.
    """

    negatives: int = 5
    first: int = 10
    last: int = 100
    bounds: Bounds = field(default_factory=Bounds)
    sampling: Sampling = "top"
    close: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.negatives < 1:
            raise ValueError(f"negatives is {self.negatives}; ask for at least one.")
        if not 0 <= self.first < self.last:
            raise ValueError(f"the range {self.first}:{self.last} holds no rank; it must rise, from 0 or above.")
        if self.negatives > self.last - self.first:
            raise ValueError(
                f"{self.negatives} negatives cannot come from the {self.last - self.first} ranks of the range "
                f"{self.first}:{self.last}. Ask for fewer, or widen the range."
            )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Negatives of some queries, and what became of the candidates that were looked at."""

    negatives: Hits  # (q, n), hardest first; -1 where there are fewer
    dropped: IntArray  # how many candidates for each ExclusionReason


def looked_at(hits: Hits, reasons: IntArray, last: int) -> BoolArray:
    """Say which hits stand before or among the first `last` that no reason excludes, (q, k)."""
    free = (reasons == ExclusionReason.NONE) & (hits.ids >= 0)
    looked: BoolArray = (hits.ids >= 0) & (np.cumsum(free, axis=1) - free < last)
    return looked


def free_candidates(hits: Hits, reasons: IntArray, last: int) -> Hits:
    """Return the first `last` hits of each query that no reason excludes, (q, last)."""
    return _kept(hits, looked_at(hits, reasons, last) & (reasons == ExclusionReason.NONE), last)


def by_score(hits: Hits) -> Hits:
    """Order hits by falling score, equal ones by rising number."""
    order = np.lexsort((hits.ids, -hits.scores), axis=1)
    return Hits(np.take_along_axis(hits.ids, order, axis=1), np.take_along_axis(hits.scores, order, axis=1))


def choose(candidates: Hits, positives: FloatArray, wanted: MiningRequest, seeds: list[int]) -> Chosen:
    """Take the negatives of some queries from their free candidates.

    Args:
        candidates: At most `wanted.last` of each query, best first, (q, any).
        positives: The score of each query's lowest positive, (q,).
        wanted: What is asked for.
        seeds: What random sampling follows from, one a query.
    """
    reasons = _out_of_bounds(candidates, positives, wanted.bounds)
    within = (candidates.ids >= 0) & (reasons == ExclusionReason.NONE)
    rest = within & (np.cumsum(within, axis=1) > wanted.first)
    if wanted.sampling == "random":
        rest = _sampled(rest, wanted.negatives, seeds)
    dropped = np.bincount(reasons[candidates.ids >= 0], minlength=len(ExclusionReason))
    return Chosen(_kept(candidates, rest, wanted.negatives), dropped)


def _out_of_bounds(candidates: Hits, positives: FloatArray, bounds: Bounds) -> IntArray:
    """Return for each candidate the first bound that its score breaks, (q, any)."""
    scores, lowest = candidates.scores.astype(np.float64), positives.astype(np.float64)[:, None]  # (q, any), (q, 1)
    breaks: list[tuple[ExclusionReason, BoolArray]] = []
    if bounds.absolute_margin is not None:
        breaks.append((ExclusionReason.ABSOLUTE_MARGIN, scores > lowest - bounds.absolute_margin))
    if bounds.relative_margin is not None:  # of the size of the positive's score: the sign must not turn the margin
        ceiling = lowest - np.abs(lowest) * bounds.relative_margin
        breaks.append((ExclusionReason.RELATIVE_MARGIN, scores > ceiling))
    if bounds.max_score is not None:
        breaks.append((ExclusionReason.MAX_SCORE, scores > bounds.max_score))
    if bounds.min_score is not None:
        breaks.append((ExclusionReason.MIN_SCORE, scores < bounds.min_score))
    reasons = np.zeros(candidates.ids.shape, dtype=np.int64)
    for reason, broken in reversed(breaks):
        reasons[broken] = reason
    return reasons


def _sampled(rest: BoolArray, count: int, seeds: list[int]) -> BoolArray:
    """Keep `count` of the candidates of each query, any of them with the same chance."""
    sampled = np.zeros_like(rest)
    for row, seed in enumerate(seeds):
        locations = np.flatnonzero(rest[row]).tolist()
        if len(locations) > count:
            locations = random.Random(seed).sample(locations, count)
        sampled[row, locations] = True
    return sampled


def _kept(hits: Hits, mask: BoolArray, width: int) -> Hits:
    """Move the hits of a mask to the front, in their order, and cut or fill up to `width`."""
    ids = np.where(mask, hits.ids, -1)
    scores = np.where(mask, hits.scores, np.float32(-np.inf)).astype(np.float32)
    order = np.argsort(~mask, axis=1, kind="stable")[:, :width]
    missing = ((0, 0), (0, width - order.shape[1]))
    return Hits(
        np.pad(np.take_along_axis(ids, order, axis=1), missing, constant_values=-1),
        np.pad(np.take_along_axis(scores, order, axis=1), missing, constant_values=-np.inf),
    )
