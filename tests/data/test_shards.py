"""Shards of one set: all are there, alike and as they were, or the one that is not is named."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from textcl.data.sources.arrow import Arrow
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV
from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError
from textcl.types.text import Source
from textcl.workflows.run.folder import data_facts, first_other_file

COLUMNS = ("anchor", "positive")


def table(rows: int, columns: tuple[str, ...] = COLUMNS) -> pa.Table:
    return pa.table({column: [f"{column} {row}" for row in range(rows)] for column in columns})


def as_json(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in table(rows, columns).to_pylist()))


def as_gzip(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> None:
    text = "".join(json.dumps(row) + "\n" for row in table(rows, columns).to_pylist())
    path.write_bytes(gzip.compress(text.encode()))


def as_csv(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> None:
    lines = [",".join(columns), *(",".join(map(str, row.values())) for row in table(rows, columns).to_pylist())]
    path.write_text("\n".join(lines) + "\n")


def as_parquet(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> None:
    pyarrow.parquet.write_table(table(rows, columns), path)


def as_arrow(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> None:
    pyarrow.feather.write_feather(table(rows, columns), str(path), compression="uncompressed")


Write = Callable[..., None]
KINDS = {
    "jsonl": (JsonLines, as_json), "jsonl.gz": (JsonLines, as_gzip), "csv": (CSV, as_csv),
    "parquet": (Parquet, as_parquet), "arrow": (Arrow, as_arrow),
}  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, own_cache: Path) -> str:
    return str(request.param)


def shards(folder: Path, kind: str) -> Callable[[], Source]:
    """Write three shards of two rows each, and return how they are opened."""
    source, write = KINDS[kind]
    folder.mkdir()
    for number in range(3):
        write(folder / f"train-0000{number}-of-00003.{kind}", 2)
    return lambda: source(str(folder))


def test_a_shard_that_is_missing_of_those_that_are_counted_is_named(tmp_path: Path, kind: str):
    opened = shards(tmp_path / "shards", kind)
    assert len(opened()) == 6
    (tmp_path / "shards" / f"train-00001-of-00003.{kind}").unlink()
    with pytest.raises(DataError, match=rf"shards/train-00001-of-00003\.{kind}: is missing; there are 2 of 3\."):
        opened()


def test_a_pattern_may_name_a_part_of_them_and_says_what_it_leaves_out(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
):
    shards(tmp_path / "shards", kind)
    source, _ = KINDS[kind]
    assert len(source(str(tmp_path / "shards" / f"train-*[02]-of-00003.{kind}"))) == 4
    assert "train-00001-of-00003" in caplog.text


def test_a_shard_that_is_cut_is_named(tmp_path: Path, kind: str):
    opened = shards(tmp_path / "shards", kind)
    cut = tmp_path / "shards" / f"train-00001-of-00003.{kind}"
    cut.write_bytes(cut.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"train-00001-of-00003") as caught:
        opened()
    assert "\n" not in str(caught.value)


def test_a_shard_of_other_columns_is_named(tmp_path: Path, kind: str):
    opened = shards(tmp_path / "shards", kind)
    KINDS[kind][1](tmp_path / "shards" / f"train-00001-of-00003.{kind}", 2, ("anchor", "other"))
    with pytest.raises(DataError, match=r"train-00001-of-00003.*: no column 'positive'; there are anchor, other"):
        opened()


def test_a_shard_without_rows_is_passed_over_and_named(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture):
    opened = shards(tmp_path / "shards", kind)
    KINDS[kind][1](tmp_path / "shards" / f"train-00001-of-00003.{kind}", 0)
    assert len(opened()) == 4
    assert f"train-00001-of-00003.{kind}: holds no rows, and is passed over." in caplog.text


def test_a_shard_that_changes_while_it_is_in_use_is_named(tmp_path: Path, kind: str):
    source = shards(tmp_path / "shards", kind)()
    KINDS[kind][1](tmp_path / "shards" / f"train-00001-of-00003.{kind}", 9)
    assert source[1].anchor == "anchor 1"  # of the shard before
    with pytest.raises(DataError, match=rf"train-00001-of-00003\.{kind}: was changed while it was in use"):
        source[2]


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl.gz"])
def test_a_file_of_no_bytes_is_no_shard_without_rows_where_it_must_have_some(
    tmp_path: Path, own_cache: Path, ending: str
):
    opened = shards(tmp_path / "shards", ending)
    (tmp_path / "shards" / f"train-00001-of-00003.{ending}").write_bytes(b"")
    with pytest.raises(DataError, match=rf"train-00001-of-00003\.{ending}: has no bytes"):
        opened()


def test_facts_of_a_run_hold_rows_and_digest_of_each_file_and_no_way_to_it(tmp_path: Path, own_cache: Path):
    facts = data_facts(shards(tmp_path / "shards", "jsonl")())
    names = [f"train-0000{number}-of-00003.jsonl" for number in range(3)]
    assert [(file["location"], file["rows"]) for file in facts["files"]] == [(name, 2) for name in names]
    assert len({file["fingerprint"] for file in facts["files"]}) == 1  # the same rows
    as_json(tmp_path / "one.jsonl", 3)
    assert "files" not in data_facts(JsonLines(str(tmp_path / "one.jsonl")))


def test_the_first_file_that_is_not_that_of_a_run_is_named(tmp_path: Path, own_cache: Path):
    opened = shards(tmp_path / "shards", "jsonl")
    then = data_facts(opened())
    assert first_other_file({"rows": 6}, then) == ""
    as_json(tmp_path / "shards" / "train-00001-of-00003.jsonl", 3)
    now = data_facts(opened())
    assert first_other_file(then, now) == " train-00001-of-00003.jsonl, of 2 rows, has changed, and has 3."
    fewer = {**then, "files": then["files"][:2]}
    assert first_other_file(then, fewer) == " train-00002-of-00003.jsonl, of 2 rows, is missing."
    assert first_other_file(fewer, then) == " train-00002-of-00003.jsonl, of 2 rows, is new."


def saved(folder: Path, rows: int = 6) -> None:
    found = datasets.Dataset.from_dict({column: [f"{column} {row}" for row in range(rows)] for column in COLUMNS})
    found.save_to_disk(str(folder), num_shards=3)


def test_a_folder_of_save_to_disk_is_one_source(tmp_path: Path, own_cache: Path):
    saved(tmp_path / "saved")
    source = Arrow(str(tmp_path / "saved"))
    assert [source[row].positives for row in range(6)] == [(f"positive {row}",) for row in range(6)]
    with pytest.raises(DataError, match=r"saved: was written by save_to_disk of `datasets`, in Arrow: use: Arrow"):
        JsonLines(str(tmp_path / "saved"))


def test_a_shard_that_save_to_disk_has_written_and_that_is_gone_is_named(tmp_path: Path, own_cache: Path):
    saved(tmp_path / "saved")
    (tmp_path / "saved" / "data-00002-of-00003.arrow").unlink()
    with pytest.raises(DataError, match=r"saved/data-00002-of-00003\.arrow: is missing; .*state\.json names it"):
        Arrow(str(tmp_path / "saved"))


def test_of_a_saved_dict_the_split_to_name_is_told(tmp_path: Path, own_cache: Path):
    part = datasets.Dataset.from_dict({"anchor": ["a", "b"], "positive": ["p", "p"]})
    datasets.DatasetDict({"german": part, "english": part}).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(DataError, match=r"holds the splits german, english, .*Name one: path: .*saved/german$"):
        Arrow(str(tmp_path / "saved"))
    assert len(Arrow(str(tmp_path / "saved" / "english"))) == 2


def test_lines_take_a_pattern_too(tmp_path: Path, own_cache: Path):
    for number in range(2):
        (tmp_path / f"{number}.txt").write_text(f"{number} a\n{number} b\n")
    source = TextLines(str(tmp_path / "*.txt"))
    assert [source[row].anchor for row in range(4)] == ["0 a", "0 b", "1 a", "1 b"]
    with pytest.raises(DataError, match="is a folder; name a file in it"):
        TextLines(str(tmp_path))


def test_a_folder_of_too_many_files_is_no_set_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("textcl.data.sources.concatenation._MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}.jsonl").write_text('{"anchor": "a", "positive": "b"}\n')
    with pytest.raises(DataError, match="holds more than 3 files and folders, as no set of shards does"):
        JsonLines(str(tmp_path))
