import numpy as np
import pytest

from textcl.benchmark.measure import ndcg, recall, without_own
from textcl.types.protocols import Hits


def test_recall_is_the_mean_share_of_the_nearest_that_was_found() -> None:
    nearest = np.array([[0.9, 0.8, 0.7, 0.6], [0.9, 0.5, -np.inf, -np.inf]])
    found = np.array([[0.8, 0.9, 0.1, -np.inf], [0.5, 0.9, -np.inf, -np.inf]])
    assert recall(found, nearest) == pytest.approx((2 / 4 + 2 / 2) / 2)


def test_a_copy_of_a_nearest_row_is_as_good_and_a_row_that_is_less_near_is_not() -> None:
    nearest = np.array([[0.9, 0.8]])
    assert recall(np.array([[0.8 - 1e-6, 0.8]]), nearest) == 1
    assert recall(np.array([[0.9, 0.8 - 1e-4]]), nearest) == 0.5


def test_ndcg_reads_locations_and_grades() -> None:
    found = np.array([[7, 8, -1], [1, 2, 3], [9, 9, 9]])
    judged = {0: {8: 2, 7: 0}, 1: {5: 1}}  # query 2 is not judged
    assert ndcg(found, judged) == pytest.approx((2 / np.log2(3) / 2 + 0) / 2)
    assert ndcg(found, {}) is None


def test_the_query_s_own_row_does_not_count_and_k_are_left() -> None:
    hits = Hits(ids=np.array([[3, 1, 2], [5, 0, 6], [4, 7, 8]]), scores=np.zeros((3, 3), dtype=np.float32))
    np.testing.assert_array_equal(without_own(hits, np.array([3, 0, -1]), 2), [[1, 2], [5, 6], [4, 7]])
