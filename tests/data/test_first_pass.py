"""The first pass over a source by several processes: what it finds is what one process finds."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from textcl.data.sources import arrow, file_rows, first_pass
from textcl.data.sources.arrow import Arrow
from textcl.data.sources.file_rows import FirstPass, passing
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError
from textcl.types.text import Source
from textcl.util.cache import fingerprint_of

TEXTS = [f'text {number} says "{"x" * (number % 7)}",\nand\n\nmore é' for number in range(90)]
ONE_LINE = [text.replace("\n", " ") for text in TEXTS]


@pytest.fixture(autouse=True)
def small_parts(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, of files that count as large."""
    for module in (file_rows, arrow):
        monkeypatch.setattr(module, "LARGE", 100)
    monkeypatch.setattr(first_pass, "_PART", 300)
    monkeypatch.setattr(first_pass, "_LEAST_ROWS", 4)


def as_text(path: Path) -> Callable[[], Source]:
    path.write_text("\n\n".join(ONE_LINE))
    return lambda: TextLines(str(path))


def as_json(path: Path) -> Callable[[], Source]:
    path.write_text("\n".join(json.dumps({"anchor": text, "positive": "p"}) for text in TEXTS) + "\n\n")
    return lambda: JsonLines(str(path))


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def as_csv(path: Path) -> Callable[[], Source]:
    path.write_text("anchor,positive\n" + "".join(f"{quoted(text)},p\n\n" for text in TEXTS))
    return lambda: CSV(str(path))


def as_tsv(path: Path) -> Callable[[], Source]:
    path.write_text("anchor\tpositive\n" + "".join(f"{text}\tp\n" for text in ONE_LINE))
    return lambda: TSV(str(path))


def as_arrow(path: Path) -> Callable[[], Source]:
    table = pa.table({"anchor": TEXTS, "positive": TEXTS})
    pyarrow.feather.write_feather(table, str(path), compression="uncompressed", chunksize=23)
    return lambda: Arrow(str(path))


def as_parquet(path: Path) -> Callable[[], Source]:
    pyarrow.parquet.write_table(pa.table({"anchor": TEXTS, "positive": TEXTS}), path, row_group_size=7)
    return lambda: Parquet(str(path))


def by(workers: int, opened: Callable[[], Source], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Open a source that nobody has opened before, by so many processes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / f"of {workers}"))
    with passing(FirstPass(workers)):
        return opened()


@pytest.mark.parametrize("write", [as_text, as_json, as_csv, as_tsv, as_arrow, as_parquet])
def test_two_workers_find_what_one_process_finds(
    tmp_path: Path, write: Callable[[Path], Callable[[], Source]], monkeypatch: pytest.MonkeyPatch
):
    opened = write(tmp_path / "rows")
    one, two = (by(workers, opened, tmp_path, monkeypatch) for workers in (1, 2))
    assert len(one) == len(two) == len(TEXTS)
    assert one.fingerprint == two.fingerprint == fingerprint_of(two[row] for row in range(len(two)))
    assert [two.location(row) for row in range(len(two))] == [one.location(row) for row in range(len(one))]
    assert [two[row] for row in range(len(two))] == [one[row] for row in range(len(one))]
    kept = [sorted((tmp_path / f"of {workers}").rglob("*.npy")) for workers in (1, 2)]
    assert [file.read_bytes() for file in kept[0]] == [file.read_bytes() for file in kept[1]]


@pytest.mark.parametrize("write", [as_text, as_json, as_csv, as_tsv])
def test_the_parts_are_read_elsewhere(
    tmp_path: Path, write: Callable[[Path], Callable[[], Source]], monkeypatch: pytest.MonkeyPatch
):
    here, read = os.getpid(), first_pass._read

    def fails_here(*arguments):
        assert os.getpid() != here, "this process has to read a part itself"
        return read(*arguments)

    opened = write(tmp_path / "rows")
    monkeypatch.setattr(first_pass, "_read", fails_here)
    assert len(by(2, opened, tmp_path, monkeypatch)) == len(TEXTS)


def test_marks_of_quotation_that_mislead_cost_time_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "rows.csv"
    rows = [f'a screen of {number}" wide,{quoted(f"one{chr(10)}two {number}")}\n' for number in range(99)]
    path.write_text("anchor,positive\n" + "".join(rows))
    one, two = (by(workers, lambda: CSV(str(path)), tmp_path, monkeypatch) for workers in (1, 2))
    assert one.fingerprint == two.fingerprint
    assert two[98].positives == ("one\ntwo 98",)
    assert two.location(98) == one.location(98) == f"{path}, line 198"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_faulty_row_is_named_by_its_line_in_the_file(tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"anchor": "a" * 50, "positive": 7 if row == 70 else "p"}) + "\n" for row in range(90))
    )
    with pytest.raises(DataError, match=r"rows\.jsonl, line 71, column 'positive': found 7"):
        by(workers, lambda: JsonLines(str(path)), tmp_path, monkeypatch)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_noted_of_the_rows_is_told_once_for_the_whole_file(
    tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / f"of-{workers}.jsonl"
    rows = [{"anchor": "a" * 50, "positive": "nan" if row in (3, 70) else "p"} for row in range(90)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    by(workers, lambda: JsonLines(str(path)), tmp_path, monkeypatch)
    assert [record.getMessage().partition(": ")[2][:10] for record in caplog.records] == ["2 rows hol"]


def shards(folder: Path, count: int = 6) -> None:
    folder.mkdir()
    for number in range(count):
        rows = [{"anchor": f"{number} {row} " + "a" * 40, "positive": "nan"} for row in range(20)]
        (folder / f"part-{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_shards_are_opened_side_by_side_and_are_what_one_process_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    shards(tmp_path / "shards")
    opened = lambda: JsonLines(str(tmp_path / "shards"))  # noqa: E731
    two = by(2, opened, tmp_path, monkeypatch)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 6  # once for each shard
    one = by(1, opened, tmp_path, monkeypatch)
    assert two.fingerprint == one.fingerprint
    assert [two[row] for row in range(len(two))] == [one[row] for row in range(len(one))]


def test_shards_that_are_large_together_are_read_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shards(tmp_path / "shards")
    by(2, lambda: JsonLines(str(tmp_path / "shards")), tmp_path, monkeypatch)
    monkeypatch.setattr(file_rows, "_indexed", None)  # would fail if it were called
    monkeypatch.setattr(first_pass, "_pool", None)
    assert len(JsonLines(str(tmp_path / "shards"))) == 120


def test_of_faulty_shards_the_first_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shards(tmp_path / "shards")
    for number in (5, 3):
        with (tmp_path / "shards" / f"part-{number}.jsonl").open("a") as file:
            file.write('{"anchor": "a"}\n')
    with pytest.raises(DataError, match=r"part-3\.jsonl, line 21: no column 'positive'"):
        by(2, lambda: JsonLines(str(tmp_path / "shards")), tmp_path, monkeypatch)
