"""The classification task: its classifiers by hand and against scikit-learn, its few-shot curve, what it refuses."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.kind import LabelledText
from textcl.evaluation.samples import LabelSample, MeanSample
from textcl.evaluation.task import Exchangeable
from textcl.evaluation.tasks import classification as classifiers
from textcl.evaluation.tasks.classification import DRAWS, Classification, few_rows, linear_probe, nearest_neighbours
from textcl.types.text import Role

CENTRES = np.random.default_rng(0).normal(size=(3, 8))


def _case(spread, train=(40, 25, 10), test=20, seed=1):
    """Rows of three classes in clouds around their centres, and the vectors of their texts."""
    rng = np.random.default_rng(seed)
    vectors, sides = {}, []
    for side, counts in (("train", train), ("test", (test,) * 3)):
        rows = [LabelledText(f"{side} {c}-{n}", "abc"[c]) for c, count in enumerate(counts) for n in range(count)]
        vectors |= {row.text: CENTRES["abc".index(row.label)] + spread * rng.normal(size=8) for row in rows}
        sides.append(rows)
    return *sides, Table(vectors)


def _arrays(rows, table):
    unit = np.stack([table.vectors[row.text] for row in rows])
    return unit / np.linalg.norm(unit, axis=1, keepdims=True), np.array(["abc".index(row.label) for row in rows])


def _scores(sample):
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def test_the_probe_and_the_neighbours_equal_scikit_learn():
    train, test, table = _case(2.0)
    (x, y), (tx, ty) = _arrays(train, table), _arrays(test, table)
    scores = _scores(Classification("t", train, test).run(table))
    probe = LogisticRegression(max_iter=1000).fit(x, y).predict(tx)
    knn = KNeighborsClassifier(5, metric="cosine", weights=lambda distances: 2 - distances).fit(x, y).predict(tx)
    assert scores["accuracy"] == pytest.approx(accuracy_score(ty, probe))
    assert scores["macro_f1"] == pytest.approx(f1_score(ty, probe, average="macro"))
    assert scores["knn_accuracy"] == pytest.approx(accuracy_score(ty, knn))
    assert 0.4 < scores["accuracy"] < 0.95


def test_classes_far_apart_are_all_right_and_random_vectors_about_chance():
    assert set(_scores(Classification("t", *_case(0.01)[:2]).run(_case(0.01)[2])).values()) == {1.0}
    train, test, table = _case(1.0, train=(200, 200, 200), test=300)
    noise = np.random.default_rng(3)
    random = Table({text: noise.normal(size=8) for text in table.vectors})
    scores = _scores(Classification("t", train, test).run(random))
    assert all(abs(value - 1 / 3) < 0.07 for value in scores.values()), scores


def test_a_few_labels_a_class_give_the_mean_over_the_draws():
    train, test, table = _case(1.5)
    (x, y), (tx, ty) = _arrays(train, table), _arrays(test, table)
    expected = []
    for draw in range(DRAWS):
        rows = few_rows(y, 4, draw)
        assert np.bincount(y[rows]).tolist() == [4, 4, 4]
        expected.append(accuracy_score(ty, LogisticRegression(max_iter=1000).fit(x[rows], y[rows]).predict(tx)))
    assert len(set(expected)) > 1
    assert _scores(Classification("t", train, test).run(table))["accuracy@4"] == pytest.approx(np.mean(expected))


def test_a_class_with_fewer_rows_is_used_whole_and_a_count_that_no_class_reaches_is_left_out():
    train, test, table = _case(1.0)  # 40, 25 and 10 rows
    labels = _arrays(train, table)[1]
    assert np.bincount(labels[few_rows(labels, 16, 0)]).tolist() == [16, 16, 10]
    names = list(_scores(Classification("t", train, test).run(table)))
    assert names == ["accuracy", "macro_f1", "knn_accuracy", "accuracy@1", "accuracy@4", "accuracy@16"]


def test_more_labels_help():
    scores = _scores(Classification("t", *_case(1.2)[:2]).run(_case(1.2)[2]))
    assert scores["accuracy@1"] < scores["accuracy@4"] < scores["accuracy@16"]


def test_the_nearest_neighbours_vote_by_hand():
    train = np.array([[1, 0], [1, 0.2], [0, 1], [0, 1], [0.1, 1], [-1, 0]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1, 1, 2])
    # Near (1, 0): both of class 0 (1 + 1 and 1 + 0.98), against three of class 1 (1, 1 and 1.1): 3.98 to 3.1.
    np.testing.assert_array_equal(nearest_neighbours(train, labels, np.array([[1, 0], [0, 1]], np.float32)), [0, 1])
    np.testing.assert_array_equal(nearest_neighbours(train[:2], labels[:2], train[3:]), [0, 0, 0])


def test_a_probe_that_has_not_converged_says_so(monkeypatch, caplog):
    train, _, table = _case(1.0)
    x, y = _arrays(train, table)
    linear_probe(x, y, x)
    assert not caplog.text
    monkeypatch.setattr(classifiers, "ITERATIONS", 2)
    linear_probe(x, y, x)
    assert "75 rows has not converged after 2 iterations" in caplog.text


def test_each_distinct_text_is_embedded_once_as_an_anchor():
    train, test, table = _case(1.0)
    Classification("t", [*train, train[0]], [*test, test[0]]).run(table)
    assert table.calls == [([row.text for row in (*train, *test)], Role.ANCHOR)]


@pytest.mark.parametrize("seed", range(5))
def test_weighted_metrics_equal_scikit_learns_on_items_that_are_repeated(seed):
    rng = np.random.default_rng(seed)
    gold, predicted = rng.integers(0, 6, size=12), rng.integers(0, 7, size=12)
    sample = LabelSample(gold, predicted, MeanSample({"knn_accuracy": rng.random(12)}))
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=4)
    metrics = sample.metrics(counts.astype(np.float64))
    for row, count in enumerate(counts):
        again = np.repeat(np.arange(12), count)
        assert metrics["accuracy"][row] == pytest.approx(accuracy_score(gold[again], predicted[again]))
        expected = f1_score(gold[again], predicted[again], average="macro")
        assert metrics["macro_f1"][row] == pytest.approx(expected)


def test_macro_f1_by_hand():
    # Class 0: 2 of 3 found, precision 1: 4/5. Class 1: found, precision 1/2: 2/3. Class 2 is nobody's.
    sample = LabelSample(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), MeanSample({"x": np.zeros(4)}))
    assert _scores(sample) == {"accuracy": 0.75, "macro_f1": pytest.approx((4 / 5 + 2 / 3) / 2), "x": 0.0}


def test_exchanged_items_change_sides_in_every_metric():
    gold = np.array([0, 1, 1])
    one = LabelSample(gold, np.array([0, 1, 1]), MeanSample({"knn_accuracy": np.array([1.0, 1, 1])}))
    other = LabelSample(gold, np.array([1, 0, 0]), MeanSample({"knn_accuracy": np.array([0.0, 0, 0])}))
    assert isinstance(one, Exchangeable)
    mine, its = one.exchanged(other, np.array([False, True, False]))
    assert mine.predicted.tolist() == [0, 0, 1]
    assert its.predicted.tolist() == [1, 1, 0]
    assert _scores(mine)["knn_accuracy"] == pytest.approx(2 / 3)
    assert _scores(its)["knn_accuracy"] == pytest.approx(1 / 3)


def test_sets_that_can_not_be_scored_are_refused():
    train, test, _ = _case(1.0)
    with pytest.raises(DataError, match="t: 1 classes in 40 training rows, and 60 test rows"):
        Classification("t", train[:40], test)
    with pytest.raises(DataError, match="and 0 test rows"):
        Classification("t", train, [])
    with pytest.raises(DataError, match=r"1 of the test's labels are never trained on, first 'd'.*have a, b, c\."):
        Classification("t", train, [*test, LabelledText("new", "d")])
    with pytest.raises(DataError, match=r"2 of 62 test rows stand in the training rows too, first 'train 0-0'.*memory"):
        Classification("t", train, [*test, *train[:2]])
