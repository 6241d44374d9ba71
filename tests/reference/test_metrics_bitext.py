"""Our bitext scores against sentence-transformers' evaluator and a naive loop."""

from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from sentence_transformers.sentence_transformer.evaluation import TranslationEvaluator

import textcl
from tests.evaluation.vectors import Table
from textcl.evaluation.run import evaluate
from textcl.evaluation.suites import load_suite
from textcl.evaluation.tasks.bitext import Bitext


def _case(seed, count=60, noise=0.7):
    rng = np.random.default_rng(seed)
    vectors = {}
    for number in range(count):
        vectors[f"first {number}"] = rng.normal(size=8) + 0.5
        vectors[f"second {number}"] = vectors[f"first {number}"] + noise * rng.normal(size=8)
    return [(f"first {number}", f"second {number}") for number in range(count)], Table(vectors)


def _scores(sample):
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def _naive_f1(pairs, table, k=4):
    """Mine as Artetxe and Schwenk describe it, one pair of sentences after the other, and try every threshold."""
    first = [table.vectors[text] / np.linalg.norm(table.vectors[text]) for text, _ in pairs]
    second = [table.vectors[text] / np.linalg.norm(table.vectors[text]) for _, text in pairs]
    count = len(pairs)
    cosine = [[float(x @ y) for y in second] for x in first]
    column = [[cosine[i][j] for i in range(count)] for j in range(count)]
    nearest_first = [sorted(range(count), key=lambda j, i=i: -cosine[i][j])[:k] for i in range(count)]
    nearest_second = [sorted(range(count), key=lambda i, j=j: -column[j][i])[:k] for j in range(count)]

    def margin(i, j):
        around = sum(cosine[i][n] for n in nearest_first[i]) / (2 * k) + sum(
            column[j][n] for n in nearest_second[j]
        ) / (2 * k)
        return cosine[i][j] / around

    candidates = [
        (margin(i, j), i, j) for i in range(count) for j in [max(nearest_first[i], key=lambda j, i=i: margin(i, j))]
    ]
    candidates += [
        (margin(i, j), i, j) for j in range(count) for i in [max(nearest_second[j], key=lambda i, j=j: margin(i, j))]
    ]
    mined = []
    for score, i, j in sorted(candidates, reverse=True):
        if all(i != other_i and j != other_j for _, other_i, other_j in mined):
            mined.append((score, i, j))
    best = 0.0
    for threshold, _, _ in mined:
        kept = [(i, j) for score, i, j in mined if score >= threshold]
        right = sum(i == j for i, j in kept)
        precision, recall = right / len(kept), right / count
        best = max(best, 2 * precision * recall / (precision + recall) if right else 0.0)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_accuracies_equal_those_of_sentence_transformers(seed):
    pairs, table = _case(seed)
    evaluator = TranslationEvaluator([first for first, _ in pairs], [second for _, second in pairs])
    evaluator.embed_inputs = lambda model, texts, **options: [torch.from_numpy(row) for row in table(texts, None)]
    theirs, ours = evaluator(MagicMock()), _scores(Bitext("random", pairs).run(table))
    assert ours["accuracy_forward"] == pytest.approx(theirs["src2trg_accuracy"], abs=1e-12)
    assert ours["accuracy_backward"] == pytest.approx(theirs["trg2src_accuracy"], abs=1e-12)
    assert ours["accuracy"] == pytest.approx(theirs["mean_accuracy"], abs=1e-12)
    assert 0 < ours["accuracy"] < 1


@pytest.mark.parametrize("seed", range(5))
def test_the_f1_of_mining_equals_a_naive_loop(seed):
    pairs, table = _case(seed)
    f1 = _scores(Bitext("random", pairs).run(table))["f1"]
    assert f1 == pytest.approx(_naive_f1(pairs, table), abs=1e-12)
    assert 0.2 < f1 < 1


@pytest.mark.slow
def test_minilm_finds_some_german_translations_of_tatoeba(minilm, shared_data):
    encoder = textcl.load(minilm)
    (task,) = [task for task in load_suite("tatoeba", shared_data) if task.name == "tatoeba-en-de"]
    samples = evaluate([task], lambda texts, role: encoder.encode(texts, role=role))
    scores = _scores(samples["tatoeba-en-de"])
    # An English model: far from every translation, and far above the one in a thousand of chance.
    assert 0.05 < scores["accuracy"] < 0.3
