"""Our retrieval metrics against a naive loop, and against sentence-transformers' evaluator where the two agree."""

import math

import numpy as np
import pytest
import torch
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.util import cos_sim

from tests.evaluation.vectors import Table
from textcl.evaluation import Retrieval
from textcl.evaluation.ranking import measure


def _naive(qrels, ranking):
    """Score each query as trec_eval's manual describes it, one document after the other."""
    values = {name: [] for name in ("ndcg@10", "map@100", "mrr@10", "recall@10", "recall@100", "precision@10")}
    for query, grades in qrels.items():
        found = ranking.get(query, {})
        order = sorted(found, key=lambda document: (found[document], document), reverse=True)
        gains = [grades.get(document, 0) for document in order]
        relevant = sum(grade > 0 for grade in grades.values())
        hits = [gain > 0 for gain in gains]
        ideal = sorted(grades.values(), reverse=True)
        values["ndcg@10"].append(_dcg(gains) / _dcg(ideal))
        values["map@100"].append(
            sum(sum(hits[: rank + 1]) / (rank + 1) for rank in range(min(100, len(hits))) if hits[rank]) / relevant
        )
        values["mrr@10"].append(next((1 / (rank + 1) for rank in range(min(10, len(hits))) if hits[rank]), 0.0))
        values["recall@10"].append(sum(hits[:10]) / relevant)
        values["recall@100"].append(sum(hits[:100]) / relevant)
        values["precision@10"].append(sum(hits[:10]) / 10)
    return values


def _dcg(gains):
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:10]))


def _random_case(rng, documents):
    """Graded judgements and rankings with many equal scores; one query finds nothing, one is missing."""
    names = [f"d{number}" for number in range(documents)]
    qrels, ranking = {}, {}
    for number in range(8):
        judged = rng.choice(names, size=min(documents, 6), replace=False)
        qrels[f"q{number}"] = {str(name): int(rng.integers(0, 4)) for name in judged} | {str(judged[0]): 1}
        found = rng.choice(names, size=int(rng.integers(1, documents + 1)), replace=False)
        ranking[f"q{number}"] = {str(name): float(rng.integers(0, 5)) / 4 for name in found}
    ranking["q3"] = {}
    del ranking["q5"]
    return qrels, ranking


@pytest.mark.parametrize("documents", [4, 30, 100])
def test_every_metric_equals_a_naive_loop(documents):
    rng = np.random.default_rng(documents)
    for _ in range(5):
        qrels, ranking = _random_case(rng, documents)
        found, expected = measure(qrels, ranking), _naive(qrels, ranking)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)


def _binary_case():
    rng = np.random.default_rng(0)
    corpus = {f"d{number}": f"document {number}" for number in range(150)}
    queries = {f"q{number}": f"query {number}" for number in range(12)}
    vectors = {text: rng.normal(size=8) for text in (*corpus.values(), *queries.values())}
    relevant = {query: {f"d{d}" for d in rng.choice(150, size=3, replace=False)} for query in queries}
    return corpus, queries, relevant, Table(vectors)


def test_binary_judgements_without_ties_give_the_numbers_of_sentence_transformers():
    corpus, queries, relevant, table = _binary_case()
    evaluator = InformationRetrievalEvaluator(
        queries,
        corpus,
        relevant,
        ndcg_at_k=[10],
        map_at_k=[100],
        mrr_at_k=[10],
        precision_recall_at_k=[10, 100],
        score_functions={"cosine": cos_sim},
    )
    evaluator.embed_inputs = lambda model, texts, **options: torch.from_numpy(table(texts, None))
    theirs = evaluator.compute_all_metrics(model=None)["cosine"]
    qrels = {query: dict.fromkeys(documents, 1) for query, documents in relevant.items()}
    sample = Retrieval("random", corpus, queries, qrels, drops_self=False).run(table)
    ours = {name: value[0] for name, value in sample.metrics(np.ones((1, sample.size))).items()}
    for name in ("ndcg@10", "map@100", "mrr@10", "recall@10", "recall@100", "precision@10"):
        metric, cut = name.split("@")
        assert ours[name] == pytest.approx(theirs[f"{metric}@k"][int(cut)], abs=1e-9), name
        assert 0 < ours[name] < 1, name


def test_the_scores_of_a_bootstrap_resample_equal_those_of_queries_that_are_repeated():
    corpus, queries, relevant, table = _binary_case()
    qrels = {query: dict.fromkeys(documents, 1) for query, documents in relevant.items()}
    sample = Retrieval("once", corpus, queries, qrels, drops_self=False).run(table)
    counts = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12))
    repeated = {f"{query}-{copy}": query for query, n in zip(queries, counts, strict=True) for copy in range(n)}
    again = Retrieval(
        "repeated",
        corpus,
        {copy: queries[query] for copy, query in repeated.items()},
        {copy: qrels[query] for copy, query in repeated.items()},
        drops_self=False,
    ).run(table)
    weighted, plain = sample.metrics(counts[None].astype(np.float64)), again.metrics(np.ones((1, again.size)))
    for name, value in plain.items():
        assert weighted[name][0] == pytest.approx(value[0], abs=1e-12), name
