"""Our scores of labelled pairs against scikit-learn's and sentence-transformers', ties included."""

from unittest.mock import MagicMock

import numpy as np
import pytest
from sentence_transformers.sentence_transformer.evaluation import BinaryClassificationEvaluator
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from tests.evaluation.vectors import Table
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification, PairSample

NAMES = ("ap", "f1", "f1_threshold", "accuracy", "accuracy_threshold")


def _scores(sample):
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def _case(seed, pairs=50):
    """Pairs over twelve texts, each sixteen numbers of 1 and -1: the cosines are eighths, exact on every processor."""
    rng = np.random.default_rng(seed)
    vectors = {f"text {number}": rng.choice([-1.0, 1.0], size=16) for number in range(12)}
    texts = list(vectors)
    chosen = [rng.choice(texts, size=2, replace=False) for _ in range(pairs)]
    return [LabelledPair(str(a), str(b), bool(rng.random() < 0.4)) for a, b in chosen], Table(vectors)


@pytest.mark.parametrize("seed", range(6))
def test_scores_and_thresholds_equal_those_of_sentence_transformers(seed):
    pairs, table = _case(seed)
    sample = PairClassification("random", pairs).run(table)
    assert len(np.unique(sample.scores)) < len(pairs), "no two pairs are tied"
    evaluator = BinaryClassificationEvaluator(
        [pair.first for pair in pairs],
        [pair.second for pair in pairs],
        [int(pair.is_same) for pair in pairs],
        similarity_fn_names=["cosine"],
    )
    evaluator.embed_inputs = lambda model, texts, **options: table(texts, None)
    theirs = evaluator(MagicMock())
    ours = _scores(sample)
    for name in NAMES:
        assert ours[name] == pytest.approx(theirs[f"cosine_{name}"], abs=2e-6), name


@pytest.mark.parametrize("seed", range(6))
def test_scores_equal_those_of_scikit_learn_at_every_threshold(seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, 9, size=40) / 8, rng.random(40) < 0.5
    ours = _scores(PairSample(scores, labels))
    cuts = [*np.unique(scores), 2.0]
    assert ours["ap"] == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    assert ours["f1"] == pytest.approx(max(f1_score(labels, scores >= cut) for cut in cuts), abs=1e-12)
    assert ours["accuracy"] == pytest.approx(max(accuracy_score(labels, scores >= cut) for cut in cuts), abs=1e-12)
    assert f1_score(labels, scores >= ours["f1_threshold"]) == pytest.approx(ours["f1"], abs=1e-12)
    assert accuracy_score(labels, scores >= ours["accuracy_threshold"]) == pytest.approx(ours["accuracy"], abs=1e-12)
