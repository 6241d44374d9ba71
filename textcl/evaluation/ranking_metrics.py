"""Ranking metrics by trec_eval, under the names that BEIR's users know.

nDCG has linear gain over graded judgements and its ideal runs over all judged documents; MAP divides by the number of
relevant documents, found or not; precision divides by k, however few documents there are. Equal scores are ordered by
document id, descending; trec_eval compares scores as float32.
"""

from collections.abc import Mapping, Sequence

import pytrec_eval

KS = (1, 3, 5, 10, 100)  # cut-offs, in documents
HEADLINES = ("ndcg@10", "map@100", "mrr@10", "recall@10", "recall@100", "precision@10")  # what papers print
_MEASURES = {
    "ndcg": "ndcg_cut",
    "map": "map_cut",
    "mrr": "recip_rank",
    "recall": "recall",
    "precision": "P",
    "hit_rate": "success",
}  # our name: trec_eval's
DETAILS = frozenset(f"{name}@{k}" for name in _MEASURES for k in KS) - set(HEADLINES)  # in files, not in tables


def measure(
    qrels: Mapping[str, Mapping[str, int]], ranking: Mapping[str, Mapping[str, float]], ks: Sequence[int] = KS
) -> dict[str, list[float]]:
    """Score each judged query.

    Args:
        qrels: Query to document to grade; above 0 is relevant.
        ranking: Query to document to score; a query that is missing or found nothing scores 0.
        ks: Cut-offs, in documents.

    Returns:
        `metric@k` to its value for each query, in the order of `qrels`; `HEADLINES` come first.
    """
    cuts = ",".join(map(str, ks))
    measures = {name if name == "recip_rank" else f"{name}.{cuts}" for name in _MEASURES.values()}
    evaluator = pytrec_eval.RelevanceEvaluator({query: dict(grades) for query, grades in qrels.items()}, measures)
    results = evaluator.evaluate({query: dict(found) for query, found in ranking.items()})
    values = {
        f"{name}@{k}": [_value(results.get(query, {}), trec_name, k) for query in qrels]
        for name, trec_name in _MEASURES.items()
        for k in ks
    }
    first = [name for name in HEADLINES if name in values]
    return {name: values[name] for name in (*first, *(name for name in values if name not in first))}


def _value(result: Mapping[str, float], trec_name: str, k: int) -> float:
    """Return one value of a query; the reciprocal rank, for which trec_eval knows no cut-off, is cut here."""
    if trec_name != "recip_rank":
        return result.get(f"{trec_name}_{k}", 0.0)
    value = result.get(trec_name, 0.0)
    return 0.0 if value < 1 / k else value
