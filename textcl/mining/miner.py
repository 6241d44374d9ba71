"""Mining: every query's nearest candidates, block by block, become its negatives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.errors import DataError
from textcl.indexes.build import build_index
from textcl.indexes.exact import BLOCK, EXACT, Nearest, pair_cosines
from textcl.mining.collection import Collection
from textcl.mining.rescoring import Rescore, rescored
from textcl.mining.selection import Exclusion, ExclusionReason, MiningRequest, choose, free_candidates, looked_at
from textcl.types.batches import FloatArray, IntArray
from textcl.types.protocols import Hits, Index
from textcl.util.progress import SILENT, Progress
from textcl.util.seeds import derive

AUTO = "auto"
MOST_COMPARISONS = 10**11  # of a query with a candidate: beyond it exact search takes hours, and FAISS looks into cells
_CELLS = 4  # times the root of the number of candidates, the power of two nearest to it


def usual_factory(queries: int, candidates: int) -> str:
    """Return the index for so many texts: exact up to `MOST_COMPARISONS`, then cells of whole vectors (IVF)."""
    if queries * candidates <= MOST_COMPARISONS:
        return EXACT
    return f"IVF{2 ** round(np.log2(_CELLS * np.sqrt(candidates)))},Flat"


class NearestCandidates:
    """Finds the nearest candidates; the scores are cosines computed in float64, whatever the index estimates.

    Args:
        vectors: Of the candidates, (N, D) of unit length; may lie on disk.
        factory: `exact`, which reads the vectors where they lie, or a string of FAISS, whose index is in memory.
        seed: Decides what an index learns from.
    """

    def __init__(self, vectors: FloatArray, factory: str, seed: int) -> None:
        self._vectors = vectors
        self._index = None if factory == EXACT else _built(vectors, factory, seed)

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, queries: FloatArray, k: int) -> Hits:
        """Return the `k` nearest candidates of each query (q, D), best first; -1 where fewer are found."""
        if self._index is None:
            nearest = Nearest(queries, k)
            for start in range(0, len(self._vectors), BLOCK):
                nearest.offer(self._vectors[start : start + BLOCK], start)
            return nearest.hits
        ids = self._index.search(queries, k).ids
        scores = cosines(queries, self._vectors, ids)
        order = np.lexsort((ids, -scores), axis=1)
        return Hits(np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1))


def cosines(queries: FloatArray, vectors: FloatArray, ids: IntArray) -> FloatArray:
    """Return the cosine of each query (q, D) with vectors (N, D) by their numbers (q, k); -inf where that is -1."""
    scores = np.full(ids.size, -np.inf, dtype=np.float32)
    there = np.flatnonzero(ids.ravel() >= 0)
    scores[there] = pair_cosines(queries, vectors, there // max(1, ids.shape[1]), ids.ravel()[there])
    return scores.reshape(ids.shape)


def _built(vectors: FloatArray, factory: str, seed: int) -> Index:
    index = build_index(factory, vectors.shape[1])
    if index.training_rows.fewest:
        rows = min(len(vectors), index.training_rows.usual)
        drawn = np.random.default_rng(derive(seed, "index")).choice(len(vectors), rows, replace=False)
        index.train(np.asarray(vectors[np.sort(drawn)]))
    for start in range(0, len(vectors), BLOCK):
        index.add(np.asarray(vectors[start : start + BLOCK]))
    return index


QUERIES = 1024  # at once
_MOST_HITS = 1 << 22  # of all queries of a block: 50 MB
_WIDER = 4  # times as many hits, where too many of them were no candidates


@dataclass(frozen=True, slots=True)
class Mined:
    """The negatives of all queries of a collection."""

    negatives: Hits  # (Q, n), hardest first; -1 where there are fewer
    positive_scores: FloatArray  # of each pair of the collection
    dropped: dict[ExclusionReason, int]  # candidates that were looked at and not taken, by reason


def mine(
    collection: Collection,
    queries: FloatArray,
    candidates: FloatArray,
    wanted: MiningRequest,
    *,
    factory: str,
    rescore: Rescore | None = None,
    progress: Progress = SILENT,
    at_once: int = QUERIES,
) -> Mined:
    """Find the negatives of every query. The result does not depend on how many queries are looked at together.

    Args:
        collection: The texts, and what is known of them.
        queries: Vectors of the queries, (Q, D) of unit length; may lie on disk.
        candidates: Vectors of the candidates, (N, D) of unit length; may lie on disk.
        wanted: What is asked for.
        factory: The index, `exact` or a factory string of FAISS.
        rescore: Scores pairs of texts in place of the cosine; the `last` nearest candidates of a query are scored.
        progress: Gets the number of queries just finished.
        at_once: Queries that are looked at together.

    Raises:
        DataError: There are too few candidates for the range that is wanted.
    """
    check_range(len(collection.candidates), wanted)
    index = NearestCandidates(candidates, factory, wanted.seed)
    block = _Block(collection, Exclusion(collection), index, candidates, wanted)
    positive_scores = _positive_scores(collection, queries, candidates, rescore)
    lowest = _lowest(collection, positive_scores)
    found, dropped = [], np.zeros(len(ExclusionReason), dtype=np.int64)
    for start in range(0, len(queries), at_once):
        numbers = np.arange(start, min(start + at_once, len(queries)))
        free, excluded = block.free(numbers, np.array(queries[numbers]))
        if rescore is not None:
            free = rescored(free, [collection.queries[number] for number in numbers], collection.candidates, rescore)
        seeds = [derive(wanted.seed, "negatives", number) for number in numbers.tolist()]
        chosen = choose(free, lowest[numbers], wanted, seeds)
        found.append(chosen.negatives)
        dropped += excluded + chosen.dropped
        progress.advance(len(numbers))
    negatives = Hits(np.concatenate([f.ids for f in found]), np.concatenate([f.scores for f in found]))
    reasons = {
        reason: int(count) for reason, count in zip(ExclusionReason, dropped.tolist(), strict=True) if reason > 0
    }
    return Mined(negatives, positive_scores, reasons)


class _Block:
    """Finds the free candidates of some queries, looking further where too many of the nearest are excluded."""

    def __init__(
        self,
        collection: Collection,
        exclusion: Exclusion,
        index: NearestCandidates,
        vectors: FloatArray,
        wanted: MiningRequest,
    ) -> None:
        self._exclusion, self._index, self._vectors, self._requested = exclusion, index, vectors, wanted
        self._positives = collection.positives()

    def free(self, numbers: IntArray, queries: FloatArray) -> tuple[Hits, IntArray]:
        """Return the free candidates of queries (q, last), and how many were excluded for each reason."""
        last, size = self._requested.last, len(self._index)
        ids = np.full((len(numbers), last), -1, dtype=np.int64)
        scores = np.full((len(numbers), last), -np.inf, dtype=np.float32)
        excluded = np.zeros(len(ExclusionReason), dtype=np.int64)
        open_rows, k = np.arange(len(numbers)), min(size, last + self._exclusion.most(numbers))
        while len(open_rows):
            again = []
            for rows in np.array_split(open_rows, -(-len(open_rows) * k // _MOST_HITS)):
                hits = self._index.search(queries[rows], k)
                reasons = self._reasons(numbers[rows], hits)
                free = free_candidates(hits, reasons, last)
                done = (free.ids[:, -1] >= 0) | (hits.ids[:, -1] < 0) | (k == size)
                ids[rows[done]], scores[rows[done]] = free.ids[done], free.scores[done]
                counted = looked_at(hits, reasons, last)[done]
                excluded += np.bincount(reasons[done][counted], minlength=len(ExclusionReason))
                again.append(rows[~done])
            open_rows, k = np.concatenate(again), min(size, k * _WIDER)
        excluded[ExclusionReason.NONE] = 0
        return Hits(ids, scores), excluded

    def _reasons(self, numbers: IntArray, hits: Hits) -> IntArray:
        reasons = self._exclusion.reasons(numbers, hits.ids)
        if self._requested.close is None:
            return reasons
        for row, number in enumerate(numbers.tolist()):
            for positive in self._positives[number].tolist():
                known = np.asarray(self._vectors[positive : positive + 1])  # (1, D)
                near = cosines(known, self._vectors, hits.ids[row : row + 1])[0]  # (k,)
                reasons[row, (near > self._requested.close) & (reasons[row] == ExclusionReason.NONE)] = (
                    ExclusionReason.CLOSE
                )
        return reasons


def check_range(candidates: int, wanted: MiningRequest) -> None:
    """Refuse a range that begins where the candidates end.

    Raises:
        DataError: It does.
    """
    if candidates < 2:
        raise DataError(
            "There is only one text to choose negatives from, and it is a positive. Give more with --corpus."
        )
    if wanted.first >= candidates - 1:
        raise DataError(
            f"The range {wanted.first}:{wanted.last} passes over the {wanted.first} hardest candidates, but there are "
            f"only {candidates} texts, positives included. Begin lower, such as --range 0:{wanted.last}, or give more "
            "texts with --corpus."
        )


def _positive_scores(
    collection: Collection, queries: FloatArray, candidates: FloatArray, rescore: Rescore | None
) -> FloatArray:
    """Return the score of each pair, (P,)."""
    pairs, scores = collection.pairs, np.empty(len(collection.pairs), dtype=np.float32)
    for start in range(0, len(pairs), QUERIES):
        part = slice(start, start + QUERIES)
        if rescore is None:
            scores[part] = cosines(np.array(queries[pairs[part, 0]]), candidates, pairs[part, 1:])[:, 0]
        else:
            scores[part] = rescore([_texts(collection, pair) for pair in pairs[part].tolist()])
    return scores


def _texts(collection: Collection, pair: Sequence[int]) -> tuple[str, str]:
    return collection.queries[pair[0]], collection.candidates[pair[1]]


def _lowest(collection: Collection, scores: FloatArray) -> FloatArray:
    """Return the lowest score that each query has with one of its own positives, (Q,)."""
    lowest = np.full(len(collection.queries), np.inf, dtype=np.float32)
    np.minimum.at(lowest, collection.pairs[:, 0], scores)
    return lowest
