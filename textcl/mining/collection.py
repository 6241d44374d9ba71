"""The texts that negatives are mined among: queries, candidates, and what is known of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from textcl.folding import folded_number
from textcl.types import IntArray


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the user's data; rows with one label are never each other's negatives."""

    anchor: str
    positive: str
    label: str | None = None


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
        seen: dict[tuple[int, int], None] = {}
        labelled: dict[tuple[int, int, int], None] = {}
        self.rows = 0
        for pair in pairs:
            query = queries.setdefault(pair.anchor, len(queries))
            candidate = candidates.setdefault(pair.positive, len(candidates))
            seen[query, candidate] = None
            if pair.label is not None:
                labelled[query, candidate, labels.setdefault(pair.label, len(labels))] = None
            self.rows += 1
        self.queries, self.candidates = list(queries), list(candidates)
        self.pairs: IntArray = np.array(list(seen), dtype=np.int64).reshape(-1, 2)  # distinct (query, candidate)
        self.labels: IntArray = np.array(list(labelled), dtype=np.int64).reshape(-1, 3)  # (query, candidate, label)
        numbers = np.fromiter(map(folded_number, (*self.queries, *self.candidates)), dtype=np.int64)
        distinct, folds = np.unique(numbers, return_inverse=True)
        self.folds = len(distinct)  # texts that differ in more than spelling
        self.query_folds: IntArray = folds[: len(self.queries)].astype(np.int64)
        self.candidate_folds: IntArray = folds[len(self.queries) :].astype(np.int64)

    def positives(self) -> list[IntArray]:
        """Return the candidates that are known positives of each query; one row's spelling of it counts for all."""
        anchors, candidates = self.query_folds[self.pairs[:, 0]], self.pairs[:, 1]
        order = np.argsort(anchors, kind="stable")
        starts = np.searchsorted(anchors[order], np.arange(self.folds + 1))
        ordered = candidates[order]
        return [ordered[starts[fold] : starts[fold + 1]] for fold in self.query_folds.tolist()]
