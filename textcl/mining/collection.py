"""The texts that negatives are mined among: queries, candidates, and what is known of them."""

from array import array
from collections.abc import Iterable
from itertools import chain

import numpy as np

from textcl.files.corpora import Pair
from textcl.text.folding import text_number
from textcl.types.batches import IntArray


class Collection:
    """Distinct queries and candidates in the order of their first appearance, the corpus before the positives.

    Texts stay in memory once each, beside some 100 bytes for each text and pair.

    Args:
        pairs: All rows; an anchor may have any number of positives.
        corpus: More candidates.
    """

    def __init__(self, pairs: Iterable[Pair], corpus: Iterable[str] = ()) -> None:
        queries: dict[str, int] = {}
        candidates: dict[str, int] = {}
        labels: dict[str, int] = {}
        for text in corpus:
            candidates.setdefault(text, len(candidates))
        seen, labelled = array("q"), array("q")
        self.rows = 0
        for pair in pairs:
            query = queries.setdefault(pair.anchor, len(queries))
            candidate = candidates.setdefault(pair.positive, len(candidates))
            seen.extend((query, candidate))
            if pair.label is not None:
                labelled.extend((query, candidate, labels.setdefault(pair.label, len(labels))))
            self.rows += 1
        self.queries, self.candidates = list(queries), list(candidates)
        self.pairs = _distinct(seen, 2)  # (query, candidate)
        self.labels = _distinct(labelled, 3)  # (query, candidate, label)
        numbers = np.fromiter(map(text_number, chain(self.queries, self.candidates)), dtype=np.int64)
        distinct, folds = np.unique(numbers, return_inverse=True)
        self.folds = len(distinct)  # texts that differ in more than spelling
        self.query_folds: IntArray = folds[: len(self.queries)].astype(np.int64)
        self.candidate_folds: IntArray = folds[len(self.queries) :].astype(np.int64)

    def positives(self) -> "Positives":
        """Return the candidates that are known positives of each query."""
        return Positives(self)


class Positives:
    """The known positives of each query; one row's spelling of it counts for all.

    Args:
        collection: The queries and candidates.
    """

    def __init__(self, collection: Collection) -> None:
        anchors = collection.query_folds[collection.pairs[:, 0]]
        order = np.argsort(anchors, kind="stable")
        self._starts = np.searchsorted(anchors[order], np.arange(collection.folds + 1))
        self._candidates: IntArray = collection.pairs[order, 1]
        self._folds = collection.query_folds

    def __getitem__(self, query: int) -> IntArray:
        fold = self._folds[query]
        found: IntArray = self._candidates[self._starts[fold] : self._starts[fold + 1]]
        return found


def _distinct(numbers: "array[int]", width: int) -> IntArray:
    """Return the distinct rows of so many numbers each, in the order of their first appearance, (N, width)."""
    rows = np.frombuffer(numbers, dtype=np.int64).reshape(-1, width)
    return rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])] if len(rows) else rows
