"""FAISS behind our interface: what it is refused, how it is set, how many threads it takes."""

import faiss
import numpy as np
import pytest
import torch

from tests.indexes.clusters import clustered
from textcl.errors import SearchError
from textcl.indexes.build import build_index, open_index
from textcl.indexes.faiss_index import torch_threads
from textcl.types.protocols import TrainingRows


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (
            "XYZ",
            r"'XYZ' is no index that FAISS can build for vectors of 32 numbers \(could not parse index string XYZ\)",
        ),
        ("", "is no index that FAISS can build"),
        ("PQ5", "should be a multiple of the number of subquantizers"),
        ("LSH", "is no index that FAISS can build"),
        ("IVF0,Flat", "at least one, such as IVF1024,Flat"),
        ("IDMap,Flat", "Leave it out"),
        ("NSG16", "HNSW32 is a graph that can"),
        ("BXYZ", "Such are BFlat"),
        ("BFlat,PQ4", r"refined by RFlat or Refine\(SQ8\), not 'PQ4'"),
    ],
)
def test_a_factory_string_that_can_not_be_is_refused_in_one_clear_line(factory: str, message: str) -> None:
    with pytest.raises(SearchError, match=message) as raised:
        build_index(factory, 32)
    assert ".cpp" not in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("factory", "rows"),
    [("exact", 0), ("HNSW32", 0), ("SQfp16", 0), ("SQ8", 1), ("IVF64,Flat", 39 * 64), ("PQ8", 39 * 256),
     ("IVF16,PQ8x4", 39 * 16), ("BIVF64", 39 * 64), ("PCA16,Flat", 32), ("OPQ8,IVF4,PQ8x4", 39 * 256)],
)  # fmt: skip
def test_the_fewest_vectors_to_learn_from_follow_from_the_centroids(factory: str, rows: int) -> None:
    assert build_index(factory, 32).training_rows.fewest == rows


def test_too_few_vectors_to_learn_from_are_refused_with_the_number_and_a_way_out() -> None:
    index = build_index("IVF64,PQ8x4", 32)
    with pytest.raises(SearchError, match=r"64 centroids.*2,496 in all; there are 700\. IVF16 is the most cells"):
        index.train(clustered(700))
    with pytest.raises(SearchError, match="must learn before"):
        index.add(clustered(700))


def test_as_many_as_the_fewest_are_enough_for_faiss_to_be_silent(capfd: pytest.CaptureFixture[str]) -> None:
    build_index("IVF16,Flat", 32).train(clustered(39 * 16))
    assert "WARNING" not in "".join(capfd.readouterr())
    bare = faiss.index_factory(32, "IVF16,Flat", faiss.METRIC_INNER_PRODUCT)
    bare.train(clustered(39 * 16 - 1))
    assert "WARNING" in "".join(capfd.readouterr())


def test_more_than_one_cell_is_looked_into_unless_asked_otherwise() -> None:
    assert build_index("IVF1024,Flat", 32).settings == {"nprobe": 64}
    assert build_index("IVF4,Flat", 32).settings == {"nprobe": 4}
    assert build_index("HNSW16", 32).settings == {"efSearch": 64}
    assert build_index("OPQ8,IVF64,PQ8x4,RFlat", 32).settings == {"k_factor": 8, "nprobe": 16}
    assert build_index("BHNSW16,RFlat", 32).settings == {"efSearch": 64, "k_factor": 8}
    assert build_index("exact", 32).settings == {}
    assert build_index("exact", 32).training_rows == TrainingRows()


def test_faiss_takes_as_many_threads_as_torch_and_gives_them_back() -> None:
    faiss_before, torch_before = faiss.omp_get_max_threads(), torch.get_num_threads()
    try:
        faiss.omp_set_num_threads(3)
        torch.set_num_threads(2)
        before = faiss.omp_get_max_threads()  # 3, or 2 where both were linked with one OpenMP
        with torch_threads():
            assert faiss.omp_get_max_threads() == torch.get_num_threads() == 2
        assert faiss.omp_get_max_threads() == before
    finally:
        faiss.omp_set_num_threads(faiss_before)
        torch.set_num_threads(torch_before)


def test_inner_products_of_unit_vectors_order_a_graph_as_distances_do() -> None:
    vectors, queries = clustered(800), clustered(20, seed=1)
    ours = build_index("HNSW16", 32)
    ours.add(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    theirs = faiss.IndexHNSWFlat(32, 16)  # by distance
    theirs.hnsw.efSearch = 64
    theirs.add(unit)
    _, ids = theirs.search(queries / np.linalg.norm(queries, axis=1)[:, None], 5)
    assert np.mean(ours.search(queries, 5).ids == ids) > 0.98


@pytest.mark.parametrize("length", [40, 0])
@pytest.mark.parametrize("factory", ["exact", "HNSW16", "BFlat,RFlat"])
def test_a_broken_file_is_an_error_that_names_it(factory: str, length: int, tmp_path) -> None:
    index = build_index(factory, 32)
    index.add(clustered(50))
    index.save(tmp_path / "saved")
    for file in (tmp_path / "saved").iterdir():
        if file.suffix != ".json":
            file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(SearchError, match="cannot be read"):
        open_index(tmp_path / "saved")
    with pytest.raises(SearchError, match="holds no index"):
        open_index(tmp_path)
