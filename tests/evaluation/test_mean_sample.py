import numpy as np

from textcl.evaluation.samples import MeanSample
from textcl.evaluation.task import Exchangeable


def test_a_metric_is_the_weighted_mean_over_items() -> None:
    sample = MeanSample({"ndcg@10": np.array([1.0, 0.5, 0.0])})
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])
    np.testing.assert_allclose(sample.metrics(weights)["ndcg@10"], [0.5, 1 / 3])


def test_exchanged_items_change_sides() -> None:
    one = MeanSample({"ndcg@10": np.array([1.0, 2.0, 3.0])})
    other = MeanSample({"ndcg@10": np.array([10.0, 20.0, 30.0])})
    assert isinstance(one, Exchangeable)
    mine, its = one.exchanged(other, np.array([False, True, False]))
    np.testing.assert_array_equal(mine.per_item["ndcg@10"], [1, 20, 3])
    np.testing.assert_array_equal(its.per_item["ndcg@10"], [10, 2, 30])
