"""A large file is read row by row: never held, read through once, and read again when it has changed."""

import gc
import gzip
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from textcl.data.sources import file_rows
from textcl.data.sources.arrow import Arrow
from textcl.data.sources.file_rows import open_content
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError
from textcl.files.arrow import mapped, parquet_copy
from textcl.types.text import Source

ROWS, WIDTH = 5_000, 4_000  # 20 MB of text
MAY_HOLD = 6 << 20  # bytes
TEXT = "word " * (WIDTH // 5 - 2)


def as_text(path: Path) -> Source:
    path.write_text("".join(f"{row} {TEXT}\n" for row in range(ROWS)))
    return TextLines(str(path))


def as_json(path: Path) -> Source:
    path.write_text("".join(f'{{"anchor": "{row} {TEXT}"}}\n' for row in range(ROWS)))
    return JsonLines(str(path), positive=None)


def as_csv(path: Path) -> Source:
    path.write_text("anchor,other\n" + "".join(f'"{row} {TEXT}",x\n' for row in range(ROWS)))
    return CSV(str(path), positive=None)


def table() -> pa.Table:
    return pa.table({"anchor": [f"{row} {TEXT}" for row in range(ROWS)]})


def as_arrow(path: Path) -> Source:
    pyarrow.feather.write_feather(table(), str(path), compression="uncompressed", chunksize=1000)
    gc.collect()
    return Arrow(str(path), positive=None)


def as_parquet(path: Path) -> Source:
    pyarrow.parquet.write_table(table(), path, row_group_size=1000, compression="none", use_dictionary=False)
    gc.collect()
    return Parquet(str(path), positive=None)


def grown(make: Callable[[], object]) -> int:
    """Bytes that Python and Arrow hold at most at one time while this runs, beyond those of before."""
    gc.collect()
    arrow = pa.default_memory_pool().bytes_allocated()
    tracemalloc.start()
    try:
        held = make()
        return tracemalloc.get_traced_memory()[1] + pa.default_memory_pool().bytes_allocated() - arrow
    finally:
        del held
        tracemalloc.stop()


@pytest.mark.parametrize("write", [as_text, as_json, as_csv, as_arrow, as_parquet])
def test_a_file_of_twenty_megabytes_is_never_held(tmp_path: Path, own_cache: Path, write: Callable[[Path], Source]):
    path = tmp_path / "large"
    first = write(path)
    source = type(first)
    arguments = () if source is TextLines else ("anchor", None)

    def read() -> Source:
        found = source(str(path), *arguments)
        assert found[ROWS - 1].anchor.startswith(f"{ROWS - 1} word")
        return found

    for kept in sorted(own_cache.rglob("*"), reverse=True):  # so that the file is read through again
        if kept.is_file() and "unpacked" not in kept.parts:
            kept.unlink()
    assert path.stat().st_size > 19_000_000
    assert grown(read) < MAY_HOLD
    assert len(first) == ROWS


def test_the_measure_sees_a_file_that_is_held(tmp_path: Path):
    as_text(tmp_path / "large")
    assert grown(lambda: (tmp_path / "large").read_text().splitlines()) > 19_000_000


def test_a_large_file_is_read_through_once(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_rows, "LARGE", 4)
    path = tmp_path / "a.txt"
    path.write_text("one\n\ntwo\nthree\n")
    first = TextLines(str(path))
    monkeypatch.setattr(file_rows, "_indexed", None)  # would fail if it were called
    again = TextLines(str(path))
    assert [again[row] for row in range(3)] == [first[row] for row in range(3)]
    assert again.location(2) == first.location(2)
    assert again.fingerprint == first.fingerprint


def test_a_changed_file_is_read_through_again_and_a_broken_cache_is_no_harm(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(file_rows, "LARGE", 4)
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")
    before = TextLines(str(path)).fingerprint
    path.write_text("one\ntwa\n")
    os.utime(path, ns=(1, 1))
    assert TextLines(str(path)).fingerprint != before
    for file in own_cache.rglob("*.npy"):
        file.write_bytes(b"broken")
    assert TextLines(str(path))[1].anchor == "twa"


def test_other_columns_of_a_large_file_are_not_taken_for_those_of_before(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(file_rows, "LARGE", 4)
    path = tmp_path / "a.tsv"
    path.write_text("a\tb\none\ttwo\nthree\tfour\n")
    assert TSV(str(path), "a", None).fingerprint != TSV(str(path), "b", None).fingerprint


def test_a_file_that_changes_while_it_is_in_use_is_refused(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")
    source = TextLines(str(path))
    with path.open("a") as file:
        file.write("three\n")
    with pytest.raises(DataError, match=r"a\.txt: was changed while it was in use"):
        source[0]


def test_more_files_than_may_be_open_are_read_in_turn(tmp_path: Path):
    contents = []
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(f"{number}\n")
        contents.append(open_content(tmp_path / f"{number}.txt"))
    for _ in range(2):
        assert [int(content.read(0, content.size)) for content in contents] == list(range(100))


def test_a_cache_without_room_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one\n"))
    with pytest.raises(DataError, match=r"a\.txt\.gz: is unpacked into .*cannot be written .*XDG_CACHE_HOME"):
        TextLines(str(tmp_path / "a.txt.gz"))


def test_a_copy_of_small_rows_is_mapped_as_few_batches_and_many_copies_stay_open(tmp_path: Path, own_cache: Path):
    for number in range(40):
        table = pa.table({"anchor": [f"{number} {row}" for row in range(5000)]})
        pyarrow.parquet.write_table(table, tmp_path / f"{number:02}.parquet", row_group_size=100)
    source = Parquet(str(tmp_path / "*.parquet"), positive=None)
    copies = [parquet_copy(tmp_path / f"{number:02}.parquet", ["anchor"]) for number in range(40)]
    before = mapped.cache_info().misses
    assert [source[row * 5000 + 7].anchor for row in range(40) for _ in range(2)][-1] == "39 7"
    assert mapped.cache_info().misses == before
    assert {len(mapped(copy, copy.stat().st_mtime_ns).batches) for copy in copies} == {1}
    handles = map(os.path.realpath, Path("/proc/self/fd").glob("*"))
    assert not [handle for handle in handles if handle.startswith(str(own_cache))]
