"""Which candidates can not be negatives of a query, and why."""

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

    Texts are compared by their letters and digits (`textcl/folding.py`), so that case, punctuation and white space make
    no other text of a positive.

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
        self._labels_of = _labels_of(c)
        carried = (c.labels[:, 2] * c.folds + folds for folds in (c.query_folds[c.labels[:, 0]], self._of_labels(c)))
        self._carriers = np.unique(np.concatenate(list(carried)))  # label and text
        self.most = int(np.bincount(c.query_folds[c.pairs[:, 0]]).max(initial=0)) + 1  # positives and own text

    def reasons(self, queries: IntArray, candidates: IntArray) -> IntArray:
        """Return the `Reason` of each candidate.

        Args:
            queries: Numbers of queries, (q,).
            candidates: Numbers of candidates of each, (q, k); -1 is none.
        """
        texts = self._candidate_folds[candidates]  # (q, k)
        own = self._query_folds[queries][:, None]
        reasons = np.where(self._is_first[candidates], Reason.NONE, Reason.RESPELT).astype(np.int64)
        for labels in self._labels_of[:, queries] if len(self._carriers) else ():
            carries = _among(labels[:, None] * self._folds + texts, self._carriers) & (labels[:, None] >= 0)
            reasons[carries] = Reason.SAME_LABEL
        reasons[texts == own] = Reason.OWN_TEXT
        reasons[_among(own * self._folds + texts, self._positives)] = Reason.POSITIVE
        return reasons

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


def _labels_of(collection: Collection) -> IntArray:
    """Return the labels of each query, one row of the result for its first label, one for its second, …; -1 is none."""
    known = np.unique(collection.labels[:, [0, 2]], axis=0)  # (query, label)
    starts = np.searchsorted(known[:, 0], known[:, 0])
    place = np.arange(len(known)) - starts
    labels = np.full((int(place.max(initial=-1)) + 1, len(collection.queries)), -1, dtype=np.int64)
    labels[place, known[:, 0]] = known[:, 1]
    return labels
