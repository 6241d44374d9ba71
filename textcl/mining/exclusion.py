"""Which candidates can not be negatives of a query, and why."""

from collections.abc import Iterator
from enum import IntEnum

import numpy as np

from textcl.mining.collection import Collection
from textcl.types import BoolArray, IntArray


class Reason(IntEnum):
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
        """Return the `Reason` of each candidate.

        Args:
            queries: Numbers of queries, (q,).
            candidates: Numbers of candidates of each, (q, k); -1 is none.
        """
        texts = self._candidate_folds[candidates]  # (q, k)
        own = self._query_folds[queries][:, None]
        reasons = np.where(self._is_first[candidates], Reason.NONE, Reason.RESPELT).astype(np.int64)
        for labels in self._labels_of(queries):
            carries = _among(labels[:, None] * self._folds + texts, self._carriers) & (labels[:, None] >= 0)
            reasons[carries] = Reason.SAME_LABEL
        reasons[texts == own] = Reason.OWN_TEXT
        reasons[_among(own * self._folds + texts, self._positives)] = Reason.POSITIVE
        return reasons

    def _labels_of(self, queries: IntArray) -> Iterator[IntArray]:
        """Yield the first label of each query, (q,), then the second of each, …; -1 is none."""
        starts = np.searchsorted(self._labels[:, 0], queries)
        counts = np.searchsorted(self._labels[:, 0], queries, side="right") - starts
        for place in range(int(counts.max(initial=0))):
            rows = np.minimum(starts + place, len(self._labels) - 1)
            yield np.where(place < counts, self._labels[rows, 1], -1)

    @staticmethod
    def _of_labels(collection: Collection) -> IntArray:
        return collection.candidate_folds[collection.labels[:, 1]]


def _among(keys: IntArray, known: IntArray) -> BoolArray:
    """Say which keys are among sorted known ones."""
    if not len(known):
        return np.zeros(keys.shape, dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: BoolArray = known[places] == keys
    return found
