"""A data set of the Hub as a source; a stand-in holds what the Hub would."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet
import pytest

from textcl.data.sources.hub_dataset import HubDataset
from textcl.errors import DataError
from textcl.types.text import Example

SHA = "0123456789" * 4
ROWS = [{"id": 7, "question": f"q{row}", "answer": [f"a{row}", "b"], "grade": row / 2} for row in range(5)]
COLUMNS = {"anchor": "question", "positive": "answer"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, own_cache: object) -> SimpleNamespace:
    """A stand-in for `datasets.load_dataset`: what it was asked, and how many rows it gave."""
    fake = SimpleNamespace(request=[], given=0)

    def rows() -> Iterator[dict[str, object]]:
        for row in ROWS:
            fake.given += 1
            yield row

    def load_dataset(path, name=None, *, revision, split, streaming):
        fake.request.append((path, name, revision, split, streaming))
        if path != "me/pairs":
            raise ConnectionError(f"Couldn't reach '{path}' on the Hub")
        return rows()

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    return fake


def test_rows_come_at_the_pinned_revision_and_a_second_run_asks_nobody(hub: SimpleNamespace):
    source = HubDataset("me/pairs", SHA, "train", "part", **COLUMNS, score="grade")
    assert source[4] == Example(4, "q4", ("a4", "b"), (), 2.0)
    assert source.location(4) == "me/pairs (part, train), row 5"
    again = HubDataset("me/pairs", SHA, "train", "part", **COLUMNS, score="grade")
    assert again.fingerprint == source.fingerprint
    assert hub.request == [("me/pairs", "part", SHA, "train", False)]


def test_streaming_fetches_no_more_rows_than_are_wanted(hub: SimpleNamespace):
    source = HubDataset("me/pairs", SHA, **COLUMNS, rows=3, streaming=True)
    assert len(source) == 3
    assert hub.given == 3
    assert hub.request[0][-1]


def test_streamed_or_not_the_rows_are_the_same(hub: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path):
    one = HubDataset("me/pairs", SHA, **COLUMNS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert HubDataset("me/pairs", SHA, **COLUMNS, streaming=True).fingerprint == one.fingerprint


def test_another_revision_split_or_column_is_fetched_anew(hub: SimpleNamespace):
    HubDataset("me/pairs", SHA, **COLUMNS)
    HubDataset("me/pairs", SHA[::-1], **COLUMNS)
    HubDataset("me/pairs", SHA, "test", **COLUMNS)
    HubDataset("me/pairs", SHA, **COLUMNS, score="grade")
    assert len(hub.request) == 4


@pytest.mark.parametrize("revision", ["main", "", "0123abc", "G" * 40])
def test_a_revision_that_is_no_commit_is_refused(hub: SimpleNamespace, revision: str):
    with pytest.raises(ValueError, match="revision must be a commit of 40 hexadecimal digits"):
        HubDataset("me/pairs", revision)


def test_what_goes_wrong_is_told_and_nothing_is_kept_of_it(hub: SimpleNamespace, own_cache):
    with pytest.raises(DataError, match=r"me/none \(revision 01234567, split train\) cannot be fetched from the Hub"):
        HubDataset("me/none", SHA)
    with pytest.raises(
        DataError, match=r"me/pairs \(train\): no column 'anchor'; there are id, question, answer, grade"
    ):
        HubDataset("me/pairs", SHA)
    with pytest.raises(DataError, match=r"me/pairs \(train\), row 1, column 'id': found 7; it should be a text"):
        HubDataset("me/pairs", SHA, anchor="id", positive=None)
    assert len([file for file in own_cache.rglob("*") if file.is_file()]) == 1


def test_the_stand_in_takes_what_the_real_function_takes():
    import inspect

    import datasets

    assert {"revision", "split", "streaming"} <= set(inspect.signature(datasets.load_dataset).parameters)


@pytest.mark.parametrize("streaming", [False, True])
def test_files_of_different_columns_are_a_error_that_is_told(
    own_cache: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streaming: bool
):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "a.jsonl").write_text('{"anchor": "a", "positive": "b"}\n')
    (tmp_path / "pairs" / "b.jsonl").write_text('{"other": "c", "third": 2}\n')
    with pytest.raises(DataError, match=r"(?s)pairs \(revision 01234567, split train\) cannot .*columns?.*\. Without"):
        HubDataset(str(tmp_path / "pairs"), SHA, streaming=streaming)


def saved_parquet(folder: Path) -> None:
    """Write a data set whose other column is large, as the Hub holds one."""
    (folder / "pairs").mkdir()
    columns = {name: [f"{name} {row}" for row in range(40)] for name in ("anchor", "positive")}
    columns["unread"] = [f"{row} some words of a text " + "x" * 5000 for row in range(40)]
    pyarrow.parquet.write_table(pa.table(columns), folder / "pairs" / "train.parquet", row_group_size=10)


@pytest.mark.parametrize("streaming", [True, False])
def test_streamed_no_other_column_of_a_data_set_in_parquet_is_read_or_kept(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streaming: bool, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    saved_parquet(tmp_path)
    source = HubDataset(str(tmp_path / "pairs"), SHA, streaming=streaming)
    assert [source[row].positives for row in (0, 39)] == [("positive 0",), ("positive 39",)]
    assert len(source) == 40
    kept = sum(file.stat().st_size for root in (own_cache, tmp_path / "datasets") for file in root.rglob("*.*"))
    assert (kept < 20_000) is streaming  # all columns are 200,000 bytes
    assert "column 'unread'" in caplog.text or "'unread' holds texts" in caplog.text
