"""From the nearest candidates of some queries to their negatives: ranks, bounds, sampling."""

import random
from dataclasses import dataclass

import numpy as np

from textcl.mining.exclusion import Reason
from textcl.mining.wanted import Bounds, Wanted
from textcl.types import BoolArray, FloatArray, Hits, IntArray


@dataclass(frozen=True, slots=True)
class Chosen:
    """Negatives of some queries, and what became of the candidates that were looked at."""

    negatives: Hits  # (q, n), hardest first; -1 where there are fewer
    dropped: IntArray  # how many candidates for each Reason


def looked_at(hits: Hits, reasons: IntArray, last: int) -> BoolArray:
    """Say which hits stand before or among the first `last` that no reason excludes, (q, k)."""
    free = (reasons == Reason.NONE) & (hits.ids >= 0)
    looked: BoolArray = (hits.ids >= 0) & (np.cumsum(free, axis=1) - free < last)
    return looked


def free_candidates(hits: Hits, reasons: IntArray, last: int) -> Hits:
    """Return the first `last` hits of each query that no reason excludes, (q, last)."""
    return _kept(hits, looked_at(hits, reasons, last) & (reasons == Reason.NONE), last)


def by_score(hits: Hits) -> Hits:
    """Order hits by falling score, equal ones by rising number."""
    order = np.lexsort((hits.ids, -hits.scores), axis=1)
    return Hits(np.take_along_axis(hits.ids, order, axis=1), np.take_along_axis(hits.scores, order, axis=1))


def choose(candidates: Hits, positives: FloatArray, wanted: Wanted, seeds: list[int]) -> Chosen:
    """Take the negatives of some queries from their free candidates.

    Args:
        candidates: At most `wanted.last` of each query, best first, (q, any).
        positives: The score of each query's lowest positive, (q,).
        wanted: What is asked for.
        seeds: What random sampling follows from, one a query.
    """
    reasons = _out_of_bounds(candidates, positives, wanted.bounds)
    within = (candidates.ids >= 0) & (reasons == Reason.NONE)
    rest = within & (np.cumsum(within, axis=1) > wanted.first)
    if wanted.sampling == "random":
        rest = _sampled(rest, wanted.negatives, seeds)
    dropped = np.bincount(reasons[candidates.ids >= 0], minlength=len(Reason))
    return Chosen(_kept(candidates, rest, wanted.negatives), dropped)


def _out_of_bounds(candidates: Hits, positives: FloatArray, bounds: Bounds) -> IntArray:
    """Return for each candidate the first bound that its score breaks, (q, any)."""
    scores, lowest = candidates.scores.astype(np.float64), positives.astype(np.float64)[:, None]  # (q, any), (q, 1)
    breaks: list[tuple[Reason, BoolArray]] = []
    if bounds.absolute_margin is not None:
        breaks.append((Reason.ABSOLUTE_MARGIN, scores > lowest - bounds.absolute_margin))
    if bounds.relative_margin is not None:  # of the size of the positive's score: the sign must not turn the margin
        ceiling = lowest - np.abs(lowest) * bounds.relative_margin
        breaks.append((Reason.RELATIVE_MARGIN, scores > ceiling))
    if bounds.max_score is not None:
        breaks.append((Reason.MAX_SCORE, scores > bounds.max_score))
    if bounds.min_score is not None:
        breaks.append((Reason.MIN_SCORE, scores < bounds.min_score))
    reasons = np.zeros(candidates.ids.shape, dtype=np.int64)
    for reason, broken in reversed(breaks):
        reasons[broken] = reason
    return reasons


def _sampled(rest: BoolArray, count: int, seeds: list[int]) -> BoolArray:
    """Keep `count` of the candidates of each query, any of them with the same chance."""
    sampled = np.zeros_like(rest)
    for row, seed in enumerate(seeds):
        places = np.flatnonzero(rest[row]).tolist()
        if len(places) > count:
            places = random.Random(seed).sample(places, count)
        sampled[row, places] = True
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
