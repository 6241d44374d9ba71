"""The texts of an index on disk, and vectors on their way into it."""

import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from textcl.errors import DataError, SearchError
from textcl.indexes.documents import DocumentStore, Shards, write_documents
from textcl.types.text import Document


def stream(count: int, text: str = "text") -> Iterator[Document]:
    return (Document(f"d{n}", f"{text} {n}", f"corpus.txt, line {n + 1}") for n in range(count))


def test_texts_and_ids_come_back_by_row(tmp_path: Path) -> None:
    facts = write_documents(tmp_path / "documents.sqlite", stream(10))
    with DocumentStore(tmp_path / "documents.sqlite") as store:
        assert store.facts == facts
        assert facts.count == 10
        assert store.texts(3, 5) == ["text 3", "text 4"]
        assert store.at([7, 0]) == [("d7", "text 7"), ("d0", "text 0")]


def test_an_id_that_stands_there_twice_is_refused_with_both_locations(tmp_path: Path) -> None:
    doubled = [*stream(5), Document("d2", "other", "corpus.txt, line 6")]
    with pytest.raises(DataError, match=r"line 6: the id 'd2' stands there a second time; it was first in .*line 3"):
        write_documents(tmp_path / "documents.sqlite", doubled)
    assert not list(tmp_path.iterdir())


def test_the_digest_changes_with_an_id_a_text_and_the_order(tmp_path: Path) -> None:
    one, two = Document("a", "x", ""), Document("b", "y", "")
    corpora = ([one, two], [two, one], [one, Document("b", "z", "")], [one, Document("c", "y", "")], [one])
    digests = {write_documents(tmp_path / f"{n}", corpus).digest for n, corpus in enumerate(corpora)}
    assert len(digests) == len(corpora)
    assert write_documents(tmp_path / "again", [one, two]).digest in digests


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Documents of 20 kB each: a list of a thousand would take 20 MB."""
    tracemalloc.start()
    write_documents(tmp_path / "documents.sqlite", stream(1000, "x" * 20_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert (tmp_path / "documents.sqlite").stat().st_size > 20_000_000


def test_a_file_that_is_no_store_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "documents.sqlite").write_text("no database")
    with pytest.raises(SearchError, match=r"documents.sqlite is damaged \(.*\)\. Build the index again"):
        DocumentStore(tmp_path / "documents.sqlite")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE facts SET count = 'x'",
        "DELETE FROM documents WHERE row = 3",
        "DELETE FROM facts",
    ],
)
def test_a_store_that_lacks_something_is_damaged(tmp_path: Path, change: str) -> None:
    file = tmp_path / "documents.sqlite"
    write_documents(file, stream(10))
    with closing(sqlite3.connect(file)) as database:
        database.execute(change)
        database.commit()
    with pytest.raises(SearchError, match=r"documents.sqlite is damaged \(.*\)\. Build the index again"):
        DocumentStore(file).at([3])


@pytest.mark.parametrize("content", [b"", b"x", b"\x93NUMPY\x01\x00"])
def test_a_shard_that_is_damaged_is_named(tmp_path: Path, content: bytes) -> None:
    shards = Shards(tmp_path, rows=4, dimension=2, shard_rows=4)
    shards.write(0, np.zeros((4, 2), dtype=np.float32))
    (tmp_path / "000000.npy").write_bytes(content)
    with pytest.raises(SearchError, match=r"000000\.npy is damaged .*Delete it"):
        list(shards.blocks())


def test_shards_are_shared_out_and_come_back_in_order(tmp_path: Path) -> None:
    shards = Shards(tmp_path, rows=10, dimension=2, shard_rows=4)
    vectors = np.arange(20, dtype=np.float32).reshape(10, 2)
    assert [shards.span(number) for number in range(len(shards))] == [(0, 4), (4, 8), (8, 10)]
    assert (shards.missing(0, 2), shards.missing(1, 2)) == ([0, 2], [1])
    for number in (2, 0):
        shards.write(number, vectors[slice(*shards.span(number))])
    assert shards.missing() == [1]
    shards.write(1, vectors[4:8])
    np.testing.assert_array_equal(np.concatenate(list(shards.blocks())), vectors)


def test_a_sample_is_some_rows_in_their_order_the_same_each_time(tmp_path: Path) -> None:
    shards = Shards(tmp_path, rows=10, dimension=1, shard_rows=4)
    for number in range(3):
        shards.write(number, np.arange(*shards.span(number), dtype=np.float32)[:, None])
    sample = shards.sample(5, seed=1)[:, 0].tolist()
    assert sample == sorted(set(sample))
    assert len(sample) == 5
    assert shards.sample(5, seed=1)[:, 0].tolist() == sample != shards.sample(5, seed=2)[:, 0].tolist()
    assert shards.sample(99, seed=1)[:, 0].tolist() == list(range(10))
