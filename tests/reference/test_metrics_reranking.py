"""Our reranking scores against sentence-transformers' evaluator and trec_eval.

Without ties all three agree. With ties our average precision is sentence-transformers' (scikit-learn's: texts of one
cosine share the precision after the last of them), and trec_eval's depends on the names of the documents. The
reciprocal rank of sentence-transformers is then whatever its sort makes of it; ours is the lowest that it could be.
Ties are made of vectors of sixteen numbers, each 1 or -1: their cosines are eighths, exact on every processor.
"""

import numpy as np
import pytest
import pytrec_eval
import torch
from sentence_transformers.sentence_transformer.evaluation import RerankingEvaluator

from tests.evaluation.vectors import Table
from textcl.evaluation.tasks.reranking import Candidates, Reranking


def _case(draw):
    """Twenty queries with lists of sixteen texts; `draw` makes a vector out of a random generator."""
    rng = np.random.default_rng(0)
    texts = [f"text {number}" for number in range(60)]
    queries = []
    for number in range(20):
        chosen = rng.choice(texts, size=16, replace=False).tolist()
        positives = int(rng.integers(1, 4))
        queries.append(Candidates(f"query {number}", tuple(chosen[:positives]), tuple(chosen[positives:])))
    return queries, Table({text: draw(rng) for text in (*texts, *(query.query for query in queries))})


def _without_ties(rng):
    return rng.normal(size=4)


def _with_ties(rng):
    return rng.choice([-1.0, 1.0], size=16)


def _ours(queries, table):
    sample = Reranking("random", queries).run(table)
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def _sentence_transformers(queries, table):
    samples = [{"query": q.query, "positive": list(q.positives), "negative": list(q.negatives)} for q in queries]
    evaluator = RerankingEvaluator(samples, at_k=10)
    evaluator.embed_inputs = lambda model, texts, **options: torch.from_numpy(table(texts, None))
    return evaluator.compute_metrics(model=None)


def test_without_ties_scores_equal_those_of_sentence_transformers():
    queries, table = _case(_without_ties)
    ours, theirs = _ours(queries, table), _sentence_transformers(queries, table)
    assert ours["map"] == pytest.approx(theirs["map"], abs=1e-9)
    assert ours["mrr@10"] == pytest.approx(theirs["mrr"], abs=1e-9)
    assert 0 < ours["map"] < 1


def test_without_ties_scores_equal_those_of_trec_eval():
    queries, table = _case(_without_ties)
    unit = {text: vector / np.linalg.norm(vector) for text, vector in table.vectors.items()}
    run = {q.query: {text: float(unit[q.query] @ unit[text]) for text in (*q.positives, *q.negatives)} for q in queries}
    judged = {q.query: dict.fromkeys(q.positives, 1) | dict.fromkeys(q.negatives, 0) for q in queries}
    results = pytrec_eval.RelevanceEvaluator(judged, {"map", "recip_rank"}).evaluate(run)
    ours = _ours(queries, table)
    assert ours["map"] == pytest.approx(np.mean([results[q.query]["map"] for q in queries]), abs=1e-9)
    reciprocal = [results[q.query]["recip_rank"] for q in queries]
    assert ours["mrr@10"] == pytest.approx(np.mean([value if value >= 1 / 10 else 0 for value in reciprocal]), abs=1e-9)


def test_with_ties_the_average_precision_is_theirs_and_the_reciprocal_rank_the_lowest_that_it_could_be():
    queries, table = _case(_with_ties)
    ours, theirs = _ours(queries, table), _sentence_transformers(queries, table)
    lowest, highest = _reciprocal_ranks(queries, table)
    assert ours["map"] == pytest.approx(theirs["map"], abs=1e-9)
    assert ours["mrr@10"] == pytest.approx(lowest, abs=1e-12)
    assert lowest < highest
    assert lowest - 1e-12 <= theirs["mrr"] <= highest + 1e-12


def _reciprocal_ranks(queries, table):
    """The mean reciprocal rank where the negatives among equal texts come first, and where they come last."""
    means = []
    for is_ahead in (np.greater_equal, np.greater):
        values = []
        for query in queries:
            vector = table.vectors[query.query]
            best = max(float(vector @ table.vectors[text]) for text in query.positives)
            rank = 1 + sum(bool(is_ahead(float(vector @ table.vectors[text]), best)) for text in query.negatives)
            values.append(1 / rank if rank <= 10 else 0.0)
        means.append(float(np.mean(values)))
    return means
