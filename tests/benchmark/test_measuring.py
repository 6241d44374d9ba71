from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.benchmark.clouds import setup_in
from tests.forks import FORKS
from textcl.benchmark.measure import Candidate, measure, with_nearest
from textcl.errors import SearchError


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure in processes that have everything imported."""
    monkeypatch.setattr("textcl.benchmark.measure.get_context", lambda _: FORKS)


def test_exact_search_finds_all_and_an_index_of_cells_more_with_more_effort(tmp_path: Path) -> None:
    setup = with_nearest(setup_in(tmp_path))
    exact = measure(Candidate("exact"), setup)
    assert [point.recall for point in exact.points] == [1.0]
    cells = measure(Candidate("IVF64,Flat"), setup)
    recalls = [point.recall for point in cells.points]
    assert [point.effort for point in cells.points][:3] == [1, 2, 4]
    assert recalls[0] < 0.9
    assert recalls == sorted(recalls)
    assert recalls[-1] >= 0.999
    for measured in (exact, cells):
        assert measured.build.seconds > 0
        assert measured.build.disk_bytes >= 3000 * 32 * 4
        assert measured.build.peak_bytes >= 3000 * 32 * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vectors.npy"]


def test_the_nearest_agree_with_a_naive_loop(tmp_path: Path) -> None:
    setup = with_nearest(setup_in(tmp_path, rows=200, queries=5))
    cosines = setup.queries @ np.load(setup.vectors).T
    cosines[np.arange(5), np.arange(5)] = -np.inf
    np.testing.assert_array_equal(setup.nearest, np.argsort(-cosines, axis=1)[:, :10])


@pytest.mark.usefixtures("forks")
def test_an_exact_index_misses_nothing_where_every_vector_stands_there_twice(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, rows=300)
    vectors = np.load(setup.vectors)
    np.save(setup.vectors, np.concatenate([vectors, vectors]))
    (point,) = measure(Candidate("Flat"), with_nearest(setup)).points
    assert point.recall == 1.0
    (cut,) = measure(Candidate("exact", dimension=4), with_nearest(setup)).points
    assert cut.recall < 0.9


def test_cosines_of_found_rows_are_those_of_whole_vectors(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, rows=20, queries=2)
    vectors = np.load(setup.vectors).astype(np.float64)
    found = setup.cosines(np.array([[3, -1], [0, 7]]))
    np.testing.assert_allclose(found[0], [vectors[0] @ vectors[3], -np.inf])
    np.testing.assert_allclose(found[1], [vectors[1] @ vectors[0], vectors[1] @ vectors[7]])


@pytest.mark.usefixtures("forks")
def test_cut_vectors_keep_less_of_what_whole_ones_find(tmp_path: Path) -> None:
    setup = with_nearest(setup_in(tmp_path, rows=500))
    (point,) = measure(Candidate("exact", dimension=4), setup).points
    assert point.dimension == 4
    assert point.index == "exact, first 4"
    assert point.recall < 0.9


@pytest.mark.usefixtures("forks")
def test_judged_queries_are_scored(tmp_path: Path) -> None:
    setup = with_nearest(setup_in(tmp_path, rows=200, queries=5))
    judged = {query: {int(setup.nearest[query, 0]): 1} for query in range(3)}
    (point,) = measure(Candidate("exact"), replace(setup, judged=judged)).points
    assert point.ndcg == pytest.approx(1.0)


@pytest.mark.usefixtures("forks")
def test_what_can_not_be_built_is_told(tmp_path: Path) -> None:
    setup = with_nearest(setup_in(tmp_path, rows=100))
    with pytest.raises(SearchError, match="IVF64"):
        measure(Candidate("IVF64,Flat"), setup)
