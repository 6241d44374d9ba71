"""The store of vectors: what it keeps, what it does when its file is damaged, full, or used by several processes."""

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from textcl.embedding.store import FILE, VectorStore
from textcl.errors import DataError
from textcl.types.batches import FloatArray

WIDTH = 6


def keys(count: int, start: int = 0) -> list[bytes]:
    return [f"key {number:012}".encode() for number in range(start, start + count)]


def vectors(count: int, start: int = 0) -> FloatArray:
    return np.arange(WIDTH * start, WIDTH * (start + count), dtype=np.float32).reshape(count, WIDTH) / 7


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> VectorStore:
    return VectorStore(WIDTH, tmp_path if request.param == "file" else None)


def test_what_was_added_is_found_bit_for_bit_and_what_was_not_is_not(store: VectorStore) -> None:
    store.add(keys(3), vectors(3))
    found = store.find([keys(1, 9)[0], keys(1, 2)[0], keys(1)[0]])
    assert found.positions.tolist() == [1, 2]
    np.testing.assert_array_equal(found.vectors, vectors(3)[[2, 0]])


def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    assert store.find(keys(2)).vectors.shape == (0, WIDTH)
    assert store.find([]).positions.shape == (0,)


def test_a_vector_added_again_takes_the_location_of_the_first(store: VectorStore) -> None:
    store.add(keys(2), vectors(2))
    store.add(keys(2), vectors(2, 5))
    np.testing.assert_array_equal(store.find(keys(2)).vectors, vectors(2, 5))


def test_a_file_is_read_by_the_next_process(tmp_path: Path) -> None:
    first = VectorStore(WIDTH, tmp_path / "new" / "folder")
    first.add(keys(2), vectors(2))
    first.close()
    assert VectorStore(WIDTH, tmp_path / "new" / "folder").find(keys(5)).positions.tolist() == [0, 1]


def test_a_full_memory_keeps_what_it_has_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    store = VectorStore(WIDTH, memory_bytes=1 << 18)
    for start in range(0, 20_000, 1000):
        store.add(keys(1000, start), vectors(1000, start))
    kept = store.find(keys(20_000)).positions
    assert 1000 <= len(kept) < 5000
    assert kept.tolist() == list(range(len(kept)))
    assert not caplog.records  # that memory has an end is no error


def test_a_full_disk_is_told_and_the_run_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = VectorStore(WIDTH, tmp_path)
    store.add(keys(3), vectors(3))
    store._database.execute("PRAGMA max_page_count = 4")
    store.add(keys(9000, 3), vectors(9000, 3))
    store.add(keys(1, 3), vectors(1, 3))
    assert "takes no more vectors (database or disk is full)" in caplog.text
    assert len(caplog.records) == 1
    assert store.find(keys(9)).positions.tolist() == [0, 1, 2]


def test_a_vector_with_flipped_bits_counts_as_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = VectorStore(WIDTH, tmp_path)
    store.add(keys(3), vectors(3))
    store.close()
    content = (tmp_path / FILE).read_bytes()
    assert content.count(vectors(3)[1].tobytes()) == 1
    (tmp_path / FILE).write_bytes(content.replace(vectors(3)[1].tobytes(), vectors(3)[0].tobytes()))
    again = VectorStore(WIDTH, tmp_path)
    assert again.find(keys(3)).positions.tolist() == [0, 2]
    assert "1 vectors are damaged; their texts are embedded again" in caplog.text
    again.add(keys(3), vectors(3))
    assert again.find(keys(3)).positions.tolist() == [0, 1, 2]


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    store = VectorStore(WIDTH, tmp_path)
    store.add(keys(4000), vectors(4000))
    store.close()
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(DataError, match=r"vectors.sqlite is damaged \(.*\)\. Delete it: it holds only what can be"):
        VectorStore(WIDTH, tmp_path)


def test_another_file_of_this_name_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("my own notes " * 100)
    with pytest.raises(DataError, match="is damaged"):
        VectorStore(WIDTH, tmp_path)
    assert (tmp_path / FILE).read_text().startswith("my own notes")


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("CREATE TABLE mine (number INTEGER)")
    other.commit()
    with pytest.raises(DataError, match="no such table: vectors"):
        VectorStore(WIDTH, tmp_path)


def test_vectors_of_a_later_format_are_refused(tmp_path: Path) -> None:
    store = VectorStore(WIDTH, tmp_path)
    store._database.execute("PRAGMA user_version = 7")
    store.close()
    with pytest.raises(DataError, match="format 7; this textcl reads 1"):
        VectorStore(WIDTH, tmp_path)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DataError, match=r"file/vectors\.sqlite: the vectors cannot be used \(File exists\)\. Is there room"
    ):
        VectorStore(WIDTH, tmp_path / "file")


def test_a_file_that_breaks_on_the_way_is_told_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = VectorStore(WIDTH, tmp_path)
    store.add(keys(4000), vectors(4000))
    (tmp_path / FILE).write_bytes(os.urandom((tmp_path / FILE).stat().st_size))
    other = VectorStore.__new__(VectorStore)
    other.__dict__.update(store.__dict__, _database=sqlite3.connect(tmp_path / FILE, isolation_level=None))
    assert len(other.find(keys(4000)).positions) == 0
    other.add(keys(1), vectors(1))
    assert "cannot be read on" in caplog.text
    assert len(caplog.records) == 1


def _add_for_ever(folder: Path, start: int) -> None:
    store = VectorStore(WIDTH, folder)
    for number in range(start, 10**9, 50):
        store.add(keys(50, number), vectors(50, number))


def _add_some(folder: Path, start: int) -> None:
    store = VectorStore(WIDTH, folder)
    for number in range(start, start + 400, 20):
        store.add(keys(20, number), vectors(20, number))


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_add_some, args=(tmp_path, start)) for start in (0, 400, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    found = VectorStore(WIDTH, tmp_path).find(keys(800))
    np.testing.assert_array_equal(found.vectors, vectors(800))


def test_a_process_that_is_killed_leaves_whole_blocks(tmp_path: Path) -> None:
    writer = multiprocessing.get_context("fork").Process(target=_add_for_ever, args=(tmp_path, 0))
    writer.start()
    assert writer.pid is not None
    while not (tmp_path / FILE).exists() or (tmp_path / FILE).stat().st_size < 1 << 18:
        time.sleep(0.01)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    store = VectorStore(WIDTH, tmp_path)
    found = store.find(keys(100_000))
    assert len(found.positions) % 50 == 0
    np.testing.assert_array_equal(found.vectors, vectors(len(found.positions)))
    store.add(keys(1, 10**6), vectors(1))
    assert len(store.find(keys(1, 10**6)).positions) == 1
