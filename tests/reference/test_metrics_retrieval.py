"""Our retrieval metrics against trec_eval, a naive loop, and sentence-transformers' evaluator where the two agree."""

import math

import numpy as np
import pytest
import pytrec_eval
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.util import cos_sim

from tests.evaluation.vectors import Table
from textcl.evaluation.ranking_metrics import KS, measure
from textcl.evaluation.tasks.retrieval import Retrieval


def _naive(qrels, ranking, ks=KS):
    """Score each query as trec_eval's manual describes it, one document after the other."""
    values = {}
    for query, grades in qrels.items():
        found = ranking.get(query, {})
        order = sorted(found, key=lambda document: (np.float32(found[document]), document), reverse=True)
        gains = [max(0, grades.get(document, 0)) for document in order]
        ideal = sorted((max(0, grade) for grade in grades.values()), reverse=True)
        for k in ks:
            for name, value in _at(k, gains, ideal).items():
                values.setdefault(f"{name}@{k}", []).append(value)
    return values


def _at(k, gains, ideal):
    hits = [rank for rank, gain in enumerate(gains[:k], start=1) if gain > 0]
    relevant = sum(gain > 0 for gain in ideal)
    return {
        "ndcg": _dcg(gains[:k]) / _dcg(ideal[:k]),
        "map": sum(number / rank for number, rank in enumerate(hits, start=1)) / relevant,
        "mrr": 1 / hits[0] if hits else 0.0,
        "recall": len(hits) / relevant,
        "precision": len(hits) / k,
        "hit_rate": float(bool(hits)),
    }


def _dcg(gains):
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


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


_SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.5 + 1e-10, 0.75, 1 / 3, float(np.float32(1 / 3)), -1.0])
_NAMES = st.sampled_from([f"d{number}" for number in range(12)] + ["D1", "\u00e9", "\u4e2d"])
_RUNS = st.dictionaries(_NAMES, _SCORES, max_size=15)
_JUDGED = st.dictionaries(_NAMES, st.integers(-1, 3), min_size=1, max_size=8).filter(lambda g: max(g.values()) > 0)


@given(st.lists(st.tuples(_JUDGED, _RUNS), min_size=1, max_size=4), st.sets(st.integers(1, 20), min_size=1, max_size=4))
@settings(max_examples=150)
def test_every_metric_equals_trec_eval_and_a_naive_loop_on_runs_with_ties_and_grades(drawn, cuts):
    qrels = {f"q{number}": grades for number, (grades, _) in enumerate(drawn)}
    ranking = {f"q{number}": run for number, (_, run) in enumerate(drawn)}
    ks = tuple(sorted(cuts))
    ours, naive, theirs = measure(qrels, ranking, ks), _naive(qrels, ranking, ks), _directly(qrels, ranking, ks)
    assert ours.keys() == naive.keys()
    for name, values in naive.items():
        np.testing.assert_allclose(ours[name], values, atol=1e-9, err_msg=name)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, atol=1e-9, err_msg=name)
    assert set(naive) - set(theirs) == {f"mrr@{k}" for k in ks if k < 15}


def _directly(qrels, ranking, ks):
    """Ask trec_eval for one measure at one cut at a time; its reciprocal rank is that of the whole run."""
    measures = {"ndcg": "ndcg_cut", "map": "map_cut", "recall": "recall", "precision": "P", "hit_rate": "success"}
    request = {f"{name}@{k}": (f"{theirs}.{k}", f"{theirs}_{k}") for name, theirs in measures.items() for k in ks}
    request |= {f"mrr@{k}": ("recip_rank", "recip_rank") for k in ks if k >= 15}
    values = {}
    for name, (measure_name, result) in request.items():
        results = pytrec_eval.RelevanceEvaluator(qrels, {measure_name}).evaluate(ranking)
        values[name] = [results[query][result] for query in qrels]
    return values


def test_scores_that_are_equal_as_float32_are_ties_on_both_sides():
    qrels, close = {"q": {"a": 1}}, {"q": {"a": 0.5 + 1e-10, "b": 0.5}}
    assert measure(qrels, close, (1,))["mrr@1"] == [0.0]  # b before a, by id
    assert measure(qrels, {"q": {"a": 0.5 + 1e-6, "b": 0.5}}, (1,))["mrr@1"] == [1.0]


def _binary_case():
    rng = np.random.default_rng(0)
    corpus = {f"d{number}": f"document {number}" for number in range(150)}
    queries = {f"q{number}": f"query {number}" for number in range(12)}
    vectors = {text: rng.normal(size=8) for text in (*corpus.values(), *queries.values())}
    relevant = {query: {f"d{d}" for d in rng.choice(150, size=3, replace=False)} for query in queries}
    return corpus, queries, relevant, Table(vectors)


def _theirs(corpus, queries, relevant, table, ks):
    evaluator = InformationRetrievalEvaluator(
        queries,
        corpus,
        relevant,
        ndcg_at_k=ks,
        map_at_k=ks,
        mrr_at_k=ks,
        accuracy_at_k=ks,
        precision_recall_at_k=ks,
        score_functions={"cosine": cos_sim},
    )
    evaluator.embed_inputs = lambda model, texts, **options: torch.from_numpy(table(texts, None))
    return evaluator.compute_all_metrics(model=None)["cosine"]


def _ours(task, table):
    sample = task.run(table)
    return {name: value[0] for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def test_binary_judgements_without_ties_give_the_numbers_of_sentence_transformers():
    corpus, queries, relevant, table = _binary_case()
    theirs = _theirs(corpus, queries, relevant, table, list(KS))
    qrels = {query: dict.fromkeys(documents, 1) for query, documents in relevant.items()}
    for name, value in _ours(Retrieval("random", corpus, queries, qrels, drops_self=False), table).items():
        metric, cut = name.split("@")
        if metric == "map" and int(cut) < 3:  # they divide by min(k, relevant), trec_eval by all relevant: three here
            value *= 3 / int(cut)
        other = {"hit_rate": "accuracy"}.get(metric, metric)
        assert value == pytest.approx(theirs[f"{other}@k"][int(cut)], abs=1e-9), name


def test_sentence_transformers_counts_a_grade_of_three_as_a_grade_of_one():
    table = Table({"q": [1, 0], "good": [1, 0.5], "best": [1, 1]})
    corpus, grades = {"d1": "good", "d2": "best"}, {"d1": 1, "d2": 3}
    theirs = _theirs(corpus, {"q": "q"}, {"q": set(grades)}, table, [10])
    ours = _ours(Retrieval("graded", corpus, {"q": "q"}, {"q": grades}, drops_self=False), table)
    assert theirs["ndcg@k"][10] == pytest.approx(1)
    assert ours["ndcg@10"] == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


def test_sentence_transformers_orders_equal_scores_the_other_way_round():
    table = Table({"q": [1, 0], "one": [1, 1], "two": [1, 1]})
    corpus = {"d1": "one", "d2": "two"}
    theirs = _theirs(corpus, {"q": "q"}, {"q": {"d1"}}, table, [10])
    ours = _ours(Retrieval("ties", corpus, {"q": "q"}, {"q": {"d1": 1}}, drops_self=False), table)
    assert theirs["mrr@k"][10] == 1
    assert ours["mrr@10"] == 1 / 2


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
