"""Exact search is exact whatever the order of sums: ties, batches of queries, and blocks do not matter."""

import numpy as np
import pytest

from tests.indexes.clusters import brute_force, clustered
from textcl.indexes import exact as flat
from textcl.indexes.exact import FlatIndex


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "BLOCK", 64)
    monkeypatch.setattr(flat, "QUERIES", 5)


def filled(vectors: np.ndarray) -> FlatIndex:
    index = FlatIndex(vectors.shape[1])
    for start in range(0, len(vectors), 300):
        index.add(vectors[start : start + 300])
    return index


@pytest.mark.parametrize("k", [1, 10, 100])
def test_blocks_give_what_comparing_everything_gives(small_blocks: None, k: int) -> None:
    vectors, queries = clustered(1000, 24), clustered(23, 24, seed=1)
    np.testing.assert_array_equal(filled(vectors).search(queries, k).ids, brute_force(vectors, queries, k))


@pytest.mark.parametrize("count", [1, 2, 16, 17, 40])  # up to 16 queries the product is the other way round
def test_few_and_many_queries_find_what_comparing_everything_finds(count: int) -> None:
    vectors, queries = clustered(1000, 24), clustered(40, 24, seed=1)[:count]
    hits = filled(vectors).search(queries, 10)
    np.testing.assert_array_equal(hits.ids, brute_force(vectors, queries, 10))


def test_hits_and_scores_are_the_same_bits_in_any_batch_of_queries(small_blocks: None) -> None:
    index, queries = filled(clustered(1000, 24)), clustered(40, 24, seed=1)
    together = index.search(queries, 10)
    alone = [index.search(query[None], 10) for query in queries]
    np.testing.assert_array_equal(np.concatenate([hits.ids for hits in alone]), together.ids)
    np.testing.assert_array_equal(np.concatenate([hits.scores for hits in alone]), together.scores)


def test_of_equal_vectors_those_with_the_smallest_ids_are_kept(small_blocks: None) -> None:
    vectors = np.tile(clustered(3, 24), (200, 1))  # ids 0, 3, 6, … are equal
    hits = filled(vectors).search(vectors[:3], 70)
    assert hits.ids.tolist() == [list(range(start, 210, 3)) for start in range(3)]
    assert all(len(set(row)) == 1 for row in hits.scores.tolist())


def test_scores_are_those_of_float64_rounded_once(small_blocks: None) -> None:
    vectors, queries = clustered(500, 24), clustered(8, 24, seed=1)
    index = filled(vectors)
    hits = index.search(queries, 5)
    unit = [v / np.linalg.norm(v.astype(np.float64), axis=1)[:, None].astype(np.float32) for v in (vectors, queries)]
    expected = np.einsum("qkd,qd->qk", unit[0].astype(np.float64)[hits.ids], unit[1].astype(np.float64))
    np.testing.assert_allclose(hits.scores, expected, rtol=2e-7)
