"""A folder of text files as a source: a line a row, or a file a row."""

from pathlib import Path

import pytest

from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.text_files import FolderLines, FolderTexts
from textcl.errors import DataError
from textcl.survey.survey import survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contents = {
        "b.txt": "b one\n\nb two\n",
        "a.txt": "a one\n",
        "in/c.txt": "c one\n",
        "notes.md": "no",
        ".h/d.txt": "no",
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_lines_of_all_files_follow_each_other_by_name(folder: Path):
    source = FolderLines(str(folder))
    assert [source[row].anchor for row in range(len(source))] == ["a one", "b one", "b two", "c one"]
    assert source.location(2) == f"{folder / 'b.txt'}, line 3"


def test_a_file_may_be_a_row(folder: Path):
    source = FolderTexts(str(folder))
    assert [source[row].anchor for row in range(len(source))] == ["a one", "b one\n\nb two", "c one"]
    assert source.location(1) == str(folder / "b.txt")


def test_a_pattern_says_which_files(folder: Path):
    assert len(FolderTexts(str(folder), "*.txt")) == 2
    assert FolderLines(str(folder), "*.md")[0].anchor == "no"


@pytest.mark.parametrize("source", [FolderLines, FolderTexts])
def test_what_is_wrong_with_a_folder_is_named(folder: Path, source: type):
    with pytest.raises(DataError, match="there is no such folder"):
        source(str(folder / "none"))
    with pytest.raises(DataError, match="is a file; name the folder"):
        source(str(folder / "a.txt"))
    with pytest.raises(DataError, match=r"no file matches '\*\.csv'; there are files, most of them 4 of \.txt"):
        source(str(folder), "*.csv")
    (folder / "blank.txt").write_text(" \n")
    with pytest.raises(DataError, match=r"blank\.txt: the file holds no rows"):
        source(str(folder))
    (folder / "blank.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"blank\.txt.*: not UTF-8"):
        source(str(folder))


def shard(folder: Path, name: str, rows: int) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    text = "".join(f'{{"anchor": "{name} {row}", "positive": "p"}}\n' for row in range(rows))
    (folder / name).write_text(text)


def test_shards_of_a_folder_or_a_pattern_are_one_source_and_empty_ones_are_passed_over(tmp_path: Path):
    for number, rows in enumerate((2, 0, 1)):
        shard(tmp_path, f"shards/part-{number}.jsonl", rows)
    (tmp_path / "shards" / "dataset_info.json").write_text("{}")
    for path in (tmp_path / "shards", tmp_path / "shards" / "part-*.jsonl"):
        source = JsonLines(str(path))
        assert [source[row].anchor for row in range(len(source))] == [
            "shards/part-0.jsonl 0", "shards/part-0.jsonl 1", "shards/part-2.jsonl 0",
        ]  # fmt: skip
    with pytest.raises(DataError, match=r"part-1\.jsonl: the file holds no rows"):
        JsonLines(str(tmp_path / "shards" / "*-1.jsonl"))


def test_a_folder_of_several_splits_is_refused(tmp_path: Path):
    for name in ("train-0.jsonl", "train-1.jsonl", "test-0.jsonl"):
        shard(tmp_path, f"shards/{name}", 1)
    with pytest.raises(DataError, match=r"holds the splits test, train\. Name one by .*shards/train\*\.jsonl"):
        JsonLines(str(tmp_path / "shards"))
    assert len(JsonLines(str(tmp_path / "shards" / "train-*"))) == 2


def test_init_reads_a_folder_of_shards(tmp_path: Path):
    shard(tmp_path, "shards/a.jsonl", 3)
    shard(tmp_path, "shards/b.jsonl", 0)
    found = survey(tmp_path / "shards")
    assert (found.use, found.rows) == ("JsonLines", 3)
