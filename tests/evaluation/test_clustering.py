"""The clustering task: V-measure by hand, its subsets, its controls, and what it refuses."""

import math

import numpy as np
import pytest
from sklearn.metrics import v_measure_score

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.kind import LabelledText
from textcl.evaluation.tasks.clustering import ROWS, SUBSETS, Clustering, clusters, subset
from textcl.types.text import Role


def _rows(labels):
    return [LabelledText(f"text {number}", label) for number, label in enumerate(labels)]


def _model(rows, vectors):
    return Table({row.text: vector for row, vector in zip(rows, vectors, strict=True)})


def _score(task, model):
    sample = task.run(model)
    return float(sample.metrics(np.ones((1, sample.size)))["v_measure"][0])


def _blobs(rng, labels, spread):
    centres = {label: rng.normal(size=16) for label in sorted(set(labels))}
    return [centres[label] + spread * rng.normal(size=16) for label in labels]


def test_a_cluster_that_swallows_two_of_three_classes_by_hand():
    # Classes of four; two lie on one spot. k-means with k = 3 has only two spots to find: {a}, {b, c}.
    # h = 1 - H(label | cluster) / H(label) = 1 - (2/3 log 2) / log 3, completeness 1, V their harmonic mean.
    rows = _rows("a" * 4 + "b" * 4 + "c" * 4)
    model = _model(rows, [[1, 0]] * 4 + [[0, 1]] * 8)
    homogeneity = 1 - 2 / 3 * math.log(2) / math.log(3)
    assert _score(Clustering("t", rows), model) == pytest.approx(2 * homogeneity / (homogeneity + 1))


def test_classes_far_apart_score_one_and_random_vectors_about_zero():
    rng = np.random.default_rng(0)
    labels = list("abcde" * 200)
    rows = _rows(labels)
    assert _score(Clustering("t", rows), _model(rows, _blobs(rng, labels, 0.01))) == pytest.approx(1)
    assert _score(Clustering("t", rows), _model(rows, rng.normal(size=(1000, 16)))) < 0.05


def test_a_collapsed_model_scores_zero_without_a_warning(recwarn):
    rows = _rows("aabb" * 10)
    assert _score(Clustering("t", rows), _model(rows, np.ones((40, 3)))) == 0
    assert not recwarn.list


def test_every_item_is_scikit_learns_v_measure_of_one_subset():
    labels = list("abcd" * 25)
    rows = _rows(labels)
    vectors = _blobs(np.random.default_rng(1), labels, 1.5)
    sample = Clustering("t", rows).run(_model(rows, vectors))
    gold = np.array(["abcd".index(label) for label in labels])
    unit = np.array(vectors, dtype=np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert sample.size == SUBSETS
    for number, value in enumerate(sample.per_item["v_measure"]):
        chosen = subset(gold, number)
        expected = v_measure_score(gold[chosen], clusters(unit[chosen], 4, number))
        assert value == pytest.approx(expected, abs=1e-12)
    assert len(set(sample.per_item["v_measure"])) > 1


def test_a_subset_takes_half_of_each_label_and_all_subsets_differ():
    gold = np.repeat([0, 1, 2], [10, 3, 1])
    chosen = [subset(gold, number) for number in range(SUBSETS)]
    assert all(np.bincount(gold[rows]).tolist() == [5, 2, 1] for rows in chosen)
    assert all(len(set(rows)) == len(rows) for rows in chosen)
    assert len({tuple(sorted(rows)) for rows in chosen}) == SUBSETS
    np.testing.assert_array_equal(chosen[3], subset(gold, 3))


def test_a_subset_of_a_large_set_is_cut():
    gold = np.arange(100_000) % 4
    assert len(subset(gold, 0)) == ROWS


def test_the_length_of_vectors_does_not_matter():
    rng = np.random.default_rng(2)
    labels = list("abc" * 30)
    rows, vectors = _rows(labels), np.array(_blobs(rng, labels, 1.0))
    lengths = 2.0 ** rng.integers(-2, 3, size=(90, 1))
    assert _score(Clustering("t", rows), _model(rows, vectors)) == _score(
        Clustering("t", rows), _model(rows, vectors * lengths)
    )


def test_each_distinct_text_is_embedded_once_as_an_anchor():
    rows = [*_rows("aaaabbbb"), LabelledText("text 0", "b")]
    model = _model(rows[:8], np.eye(8))
    Clustering("t", rows).run(model)
    assert model.calls == [([f"text {number}" for number in range(8)], Role.ANCHOR)]


@pytest.mark.parametrize(
    ("labels", "error"), [("aaaa", "all 4 texts have one label"), ("abcdefab", "8 texts with 6 labels.*another column")]
)
def test_sets_that_can_not_be_clustered_are_refused(labels, error):
    with pytest.raises(DataError, match=error):
        Clustering("t", _rows(labels))
