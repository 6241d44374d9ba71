"""How much of exact search an index keeps."""

from collections.abc import Mapping
from statistics import mean

import numpy as np

from textcl.evaluation.ranking_metrics import measure
from textcl.types.batches import IntArray

DEPTH = 10  # documents of each ranking that nDCG reads


def recall(found: IntArray, nearest: IntArray) -> float:
    """Return the share of the nearest rows that were found, the mean over queries.

    Args:
        found: (Q, k), -1 where nothing was found.
        nearest: (Q, k) of exact search, -1 where there are fewer than k.
    """
    shares = [
        len(np.intersect1d(mine[mine >= 0], true[true >= 0])) / int((true >= 0).sum())
        for mine, true in zip(found, nearest, strict=True)
    ]
    return mean(shares)


def ndcg(found: IntArray, judged: Mapping[int, Mapping[int, int]]) -> float | None:
    """Return the mean nDCG@10 over judged queries; None where nothing is judged.

    Args:
        found: (Q, at least 10), best first, -1 where nothing was found.
        judged: Query to row to grade.
    """
    if not judged:
        return None
    qrels = {str(query): {str(row): grade for row, grade in grades.items()} for query, grades in judged.items()}
    ranking = {
        str(query): {str(row): float(DEPTH - place) for place, row in enumerate(found[query, :DEPTH]) if row >= 0}
        for query in judged
    }  # places in place of scores: an index that compresses vectors has ties that exact search has not
    return mean(measure(qrels, ranking, (DEPTH,))[f"ndcg@{DEPTH}"])
