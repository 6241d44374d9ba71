"""Ranking metrics by trec_eval, under the names that BEIR's users know.

nDCG has linear gain over graded judgements and its ideal runs over all judged documents; equal scores are ordered by
document id, descending, as trec_eval does.
"""

from collections.abc import Mapping

import pytrec_eval

DEPTH = 100  # documents kept of each ranking
_MEASURES = {
    "ndcg@10": ("ndcg_cut.10", "ndcg_cut_10"),
    "map@100": ("map_cut.100", "map_cut_100"),
    "mrr@10": ("recip_rank", "recip_rank"),
    "recall@10": ("recall.10", "recall_10"),
    "recall@100": ("recall.100", "recall_100"),
    "precision@10": ("P.10", "P_10"),
}  # our name: trec_eval's name of the measure, and of its result


def measure(
    qrels: Mapping[str, Mapping[str, int]], ranking: Mapping[str, Mapping[str, float]]
) -> dict[str, list[float]]:
    """Score each judged query.

    Args:
        qrels: Query to document to grade.
        ranking: Query to document to score; a query that is missing or found nothing scores 0.

    Returns:
        Metric to its value for each query, in the order of `qrels`.
    """
    wanted = {measure_name for measure_name, _ in _MEASURES.values()}
    evaluator = pytrec_eval.RelevanceEvaluator({query: dict(grades) for query, grades in qrels.items()}, wanted)
    results = evaluator.evaluate({query: dict(found) for query, found in ranking.items()})
    return {
        name: [_value(name, results.get(query, {}).get(result, 0.0)) for query in qrels]
        for name, (_, result) in _MEASURES.items()
    }


def _value(name: str, value: float) -> float:
    """Cut the reciprocal rank, for which trec_eval knows no cut-off, after the tenth document."""
    return 0.0 if name == "mrr@10" and value < 1 / 10 else value
