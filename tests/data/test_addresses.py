"""Files at addresses: fetched once, whole, and again when they are others; `memory://` stands in for every server."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet
import pytest

from textcl.data.sources.arrow import Arrow
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError
from textcl.types.text import Source


@pytest.fixture
def memory(own_cache: Path) -> Iterator[fsspec.AbstractFileSystem]:
    """The store of `memory://`, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def pairs(*anchors: str) -> bytes:
    return "".join(json.dumps({"anchor": anchor, "positive": "p"}) + "\n" for anchor in anchors).encode()


def anchors(source: Source) -> list[str]:
    return [source[row].anchor for row in range(len(source))]


def test_every_kind_of_file_is_read_from_an_address(memory: fsspec.AbstractFileSystem, tmp_path: Path):
    table = pa.table({"anchor": ["a", "b"], "positive": ["p", "p"]})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    with pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    contents = {
        "rows.txt": b"a\nb\n",
        "rows.jsonl.gz": gzip.compress(pairs("a", "b")),
        "rows.csv": b"anchor,positive\na,p\nb,p\n",
        "rows.tsv": b"anchor\tpositive\na\tp\nb\tp\n",
        "rows.parquet": (tmp_path / "rows.parquet").read_bytes(),
        "rows.arrow": (tmp_path / "rows.arrow").read_bytes(),
    }
    for name, content in contents.items():
        memory.pipe_file(f"/data/{name}", content)
    sources = zip((TextLines, JsonLines, CSV, TSV, Parquet, Arrow), contents, strict=True)
    for source, name in sources:
        assert anchors(source(f"memory://data/{name}")) == ["a", "b"]


def test_a_folder_and_a_pattern_name_all_shards_in_order(memory: fsspec.AbstractFileSystem):
    for number in (2, 0, 1):
        memory.pipe_file(f"/data/in/part-{number}.jsonl", pairs(f"{number} a", f"{number} b"))
    memory.pipe_file("/data/in/README.md", b"no rows")
    for path in ("memory://data/in", "memory://data/in/", "memory://data/in/part-*.jsonl"):
        source = JsonLines(path)
        assert anchors(source) == ["0 a", "0 b", "1 a", "1 b", "2 a", "2 b"]
        assert source.location(3) == "memory://data/in/part-1.jsonl, line 2"
        assert [file.location for file in source.files] == [f"memory://data/in/part-{k}.jsonl" for k in range(3)]


def test_a_file_is_fetched_once_and_anew_when_it_is_another(
    memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
):
    fetched, get = [], type(memory).get_file
    monkeypatch.setattr(
        type(memory), "get_file", lambda self, path, *rest: fetched.append(path) or get(self, path, *rest)
    )
    memory.pipe_file("/a.txt", b"one\ntwo\n")
    first = TextLines("memory://a.txt")
    assert TextLines("memory://a.txt").fingerprint == first.fingerprint
    assert len(fetched) == 1
    memory.pipe_file("/a.txt", b"one\ntwa\n")  # of the same size
    assert anchors(TextLines("memory://a.txt")) == ["one", "twa"]
    assert anchors(first) == ["one", "two"]  # a run that has begun reads on what it began with
    assert len(fetched) == 2


def test_where_nothing_tells_versions_apart_a_file_is_fetched_each_time(
    memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
):
    info = type(memory).info
    monkeypatch.setattr(type(memory), "info", lambda self, path: {**info(self, path), "created": None})
    memory.pipe_file("/a.txt", b"one\n")
    assert anchors(TextLines("memory://a.txt")) == ["one"]
    memory.pipe_file("/a.txt", b"two\n")
    assert anchors(TextLines("memory://a.txt")) == ["two"]


def test_errors_name_the_address_and_no_copy(memory: fsspec.AbstractFileSystem, own_cache: Path):
    memory.pipe_file("/d/a.jsonl", pairs("a") + b'{"anchor": "b"}\n')
    memory.pipe_file("/d/b.jsonl", b"")
    memory.pipe_file("/d/c.jsonl.gz", gzip.compress(pairs("a" * 99))[:-20])
    for path, words in (
        ("memory://d/a.jsonl", r"^memory://d/a\.jsonl, line 2: no column 'positive'"),
        ("memory://d/b.jsonl", r"^memory://d/b\.jsonl: the file holds no rows"),
        ("memory://d/c.jsonl.gz", r"^memory://d/c\.jsonl\.gz: not a whole gzip file"),
        ("memory://d/none.jsonl", r"^memory://d/none\.jsonl: there is no such file"),
        ("memory://d/*.parquet", r"^memory://d/\*\.parquet: no file fits"),
    ):
        with pytest.raises(DataError, match=words) as caught:
            JsonLines(path)
        assert str(own_cache) not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_that_comes_cut_or_changes_on_its_way_is_refused_and_not_kept(
    memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch, own_cache: Path
):
    memory.pipe_file("/a.txt", b"one\ntwo\n")
    get = type(memory).get_file

    def cut(self, path, local):
        Path(local).write_bytes(b"one\n")

    def changing(self, path, local):
        get(self, path, local)
        self.pipe_file("/a.txt", b"two\none\n")

    for fetching, words in ((cut, "a.txt: 4 of 8 bytes came"), (changing, "a.txt: was changed while it was fetched")):
        monkeypatch.setattr(type(memory), "get_file", fetching)
        with pytest.raises(DataError, match=words):
            TextLines("memory://a.txt")
    assert [file for file in own_cache.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("file:///etc/passwd", r"^file:///etc/passwd: name the path without file://"),
        ("zip://a.txt::https://example.org/a.zip", r"no address of this kind is read"),
        ("simplecache::memory://a.txt", r"no such file"),  # no address: a name
        ("jupyter://host/a.txt", r"^jupyter://host/a\.txt: no address of this kind is read, but those of s3"),
        ("https://me:secret@example.org/a.txt", r"^https://…: holds a password, but recipes are published"),
        ("s3://bucket/..", r"^s3://bucket/\.\.: names no file"),
    ],
)
def test_addresses_that_are_not_read_are_refused_before_anything_is_reached(own_cache: Path, path: str, words: str):
    with pytest.raises(DataError, match=words):
        TextLines(path)


def test_what_is_not_installed_is_named_with_the_way_out(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    def missing(path):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(
        DataError, match=r"^s3://b/a\.txt: what reads s3:// is not installed\. pip install 'textcl\[s3\]'"
    ):
        TextLines("s3://b/a.txt")


def test_a_connection_that_is_refused_is_no_file_that_is_missing(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(path: str) -> None:
        raise FileNotFoundError(path) from ConnectionRefusedError("Cannot connect to host example.org:443")

    monkeypatch.setattr("fsspec.core.url_to_fs", refused)
    with pytest.raises(DataError, match=r"^https://example\.org/a\.txt: cannot be fetched \(Cannot connect to host"):
        TextLines("https://example.org/a.txt")


def test_errors_of_the_network_are_one_line_that_names_the_address(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    class Down:
        def invalidate_cache(self):
            pass

        def isdir(self, path):
            raise RuntimeError(
                "Could not connect to the endpoint URL\nand more"
            )  # as botocore, whose errors have no base

    monkeypatch.setattr("fsspec.core.url_to_fs", lambda path: (Down(), path))
    with pytest.raises(
        DataError, match=r"^s3://b/a\.txt: cannot be fetched \(Could not connect to the .* URL\)\. Look"
    ):
        TextLines("s3://b/a.txt")
