"""Exact search: hits equal a brute-force comparison, and the caller's arrays stay as they were."""

import json

import numpy as np
import pytest

from textcl.errors import SearchError
from textcl.indexes.build import open_index
from textcl.indexes.exact import FlatIndex


def _vectors(rows, dimension=6, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)


def test_hits_equal_a_brute_force_comparison_of_all_cosines():
    vectors, queries = _vectors(50), _vectors(7, seed=1)
    index = FlatIndex(6)
    index.add(vectors[:20])
    index.add(vectors[20:])
    hits = index.search(queries, 5)
    for row, query in enumerate(queries):
        cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
        best = np.argsort(-cosines)[:5]
        assert hits.ids[row].tolist() == best.tolist()
        np.testing.assert_allclose(hits.scores[row], cosines[best], atol=1e-6)
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32


def test_the_callers_arrays_are_not_edited():
    vectors, queries = 5 * _vectors(4), 3 * _vectors(2, seed=1)
    before = vectors.copy(), queries.copy()
    index = FlatIndex(6)
    index.add(vectors)
    index.search(queries, 2)
    np.testing.assert_array_equal(vectors, before[0])
    np.testing.assert_array_equal(queries, before[1])


@pytest.mark.parametrize(
    "form", [lambda v: v.astype(np.float64), lambda v: np.asfortranarray(v), lambda v: np.repeat(v, 2, axis=0)[::2]]
)
def test_other_layouts_and_precisions_give_the_same_hits(form):
    vectors = _vectors(9)
    plain, other = FlatIndex(6), FlatIndex(6)
    plain.add(vectors)
    other.add(form(vectors))
    expected, found = plain.search(vectors[:3], 4), other.search(form(vectors[:3]), 4)
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)


def test_locations_beyond_the_last_vector_have_id_minus_one():
    index = FlatIndex(2)
    index.add(np.array([[1, 0], [0, 2]], dtype=np.float32))
    hits = index.search(np.array([[3, 1]], dtype=np.float32), 4)
    assert hits.ids.tolist() == [[0, 1, -1, -1]]
    assert hits.scores[0, 2:].tolist() == [-np.inf, -np.inf]


def test_an_empty_index_finds_nothing():
    assert FlatIndex(2).search(np.ones((2, 2), dtype=np.float32), 1).ids.tolist() == [[-1], [-1]]


def test_a_zero_vector_has_cosine_zero_with_everything():
    index = FlatIndex(2)
    index.add(np.array([[0, 0], [1, 0], [-1, 0]], dtype=np.float32))
    assert index.search(np.array([[2, 0]], dtype=np.float32), 3).ids.tolist() == [[1, 0, 2]]
    assert index.search(np.zeros((1, 2), dtype=np.float32), 3).scores.tolist() == [[0, 0, 0]]


def test_very_long_and_very_short_vectors_keep_their_direction():
    index = FlatIndex(2)
    index.add(np.array([[1e30, 1e30], [1e-30, 0]], dtype=np.float32))
    hits = index.search(np.array([[1, 0]], dtype=np.float32), 2)
    assert hits.ids.tolist() == [[1, 0]]
    np.testing.assert_allclose(hits.scores, [[1, np.sqrt(0.5)]], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_refused_by_row(bad):
    vectors = _vectors(3)
    vectors[2, 1] = bad
    with pytest.raises(ValueError, match="row 2"):
        FlatIndex(6).add(vectors)
    with pytest.raises(ValueError, match="queries"):
        FlatIndex(6).search(vectors, 1)


def test_arguments_that_can_not_be_right_are_refused():
    with pytest.raises(ValueError, match=r"takes \(N, 6\)"):
        FlatIndex(6).add(_vectors(3, dimension=5))
    with pytest.raises(ValueError, match="k is 0"):
        FlatIndex(6).search(_vectors(1), 0)
    with pytest.raises(ValueError, match="dimension is 0"):
        FlatIndex(0)


@pytest.mark.parametrize("other", [np.zeros((3, 7), np.float32), np.zeros(8, np.float32), np.zeros((3, 8), np.int64)])
def test_vectors_of_another_shape_or_kind_than_described_are_refused(other, tmp_path):
    index = FlatIndex(8)
    index.add(np.eye(8, dtype=np.float32))
    index.save(tmp_path / "saved")
    (vectors,) = (tmp_path / "saved").glob("*.npy")
    np.save(vectors, other)
    with pytest.raises(SearchError, match=r"cannot be read \(.* where its description says 8 numbers a vector\)"):
        FlatIndex.open(tmp_path / "saved")


@pytest.mark.parametrize(
    "changed",
    [
        {"dimension": "x"},
        {"dimension": {}},
        {"dimension": 0},
        {"settings": 1.5},
        {"settings": {"a": "b"}},
        {"factory": 7},
    ],
)
def test_a_description_of_another_kind_is_told(changed, tmp_path):
    index = FlatIndex(8)
    index.add(np.eye(8, dtype=np.float32))
    index.save(tmp_path)
    file = tmp_path / "kind.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))
    with pytest.raises(SearchError, match=r"kind\.json: not the description of an index"):
        FlatIndex.open(tmp_path)


def test_a_description_of_an_index_that_there_is_not_names_the_folder(tmp_path):
    (tmp_path / "kind.json").write_text('{"factory": "Nonsense", "dimension": 8}')
    with pytest.raises(SearchError, match=f"^{tmp_path}: 'Nonsense' is no index"):
        open_index(tmp_path)
