"""`textcl index` and `textcl search` as a user runs them, on a tiny encoder."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def index(capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path) -> Path:
    finished = run(capsys, "index", tiny_model_folder, lines, "--out", tmp_path / "index")
    assert finished.code == 0, finished.err
    assert finished.out == f"Finished.\n{tmp_path / 'index'}: 7 texts; 16 numbers each; exact\n"
    assert finished.err.splitlines() == ["Reading", "Embedding: 7 texts", "Building: 7 texts"]
    return tmp_path / "index"


def test_a_finished_index_says_so(
    capsys: pytest.CaptureFixture[str], index: Path, tiny_model_folder: Path, lines: Path
) -> None:
    assert run(capsys, "index", tiny_model_folder, lines, "--out", index).out.startswith("Finished before; nothing")


def test_a_query_finds_itself_first(capsys: pytest.CaptureFixture[str], index: Path) -> None:
    finished = run(capsys, "search", index, "two dogs run", "-k", "2")
    assert finished.code == 0, finished.err
    first = next(line for line in finished.out.splitlines() if line.startswith("│ 1 "))
    assert [cell.strip() for cell in first.strip("│").split("│")] == ["1", "1.0000", "3", "two dogs run"]


def test_json_is_an_object_a_query(capsys: pytest.CaptureFixture[str], index: Path, lines: Path) -> None:
    finished = run(capsys, "search", index, "--queries", lines, "-k", "20", "--json")
    answers = [json.loads(line) for line in finished.out.splitlines()]
    assert [answer["query"] for answer in answers] == list(SENTENCES)
    assert [answer["hits"][0]["text"] for answer in answers] == list(SENTENCES)
    assert [len(answer["hits"]) for answer in answers] == [7] * 7  # no more than there are
    assert set(answers[0]["hits"][0]) == {"rank", "score", "id", "text"}


@pytest.mark.parametrize("typed", ["fish\ntwo dogs run\n\nnever read\n", "fish\ntwo dogs run\n"])
def test_without_a_query_they_are_asked_for_until_an_empty_line_or_the_end(
    capsys: pytest.CaptureFixture[str], index: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    finished = run(capsys, "search", index, "-k", "1", "--json")
    assert finished.code == 0, finished.err
    assert [json.loads(line)["query"] for line in finished.out.splitlines()] == ["fish", "two dogs run"]


def test_ctrl_c_ends_the_loop(capsys: pytest.CaptureFixture[str], index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert run(capsys, "search", index).code == 0


def test_what_looks_like_markup_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.txt").write_text("a [red]bird[/red] [/]\n")
    run(capsys, "index", tiny_model_folder, tmp_path / "c.txt", "--out", tmp_path / "i")
    assert "a [red]bird[/red] [/]" in run(capsys, "search", tmp_path / "i", "bird [/x]").out


def test_what_can_not_be_is_told(capsys: pytest.CaptureFixture[str], index: Path, tmp_path: Path) -> None:
    assert "holds no index" in run(capsys, "search", tmp_path, "fish").err
    assert (
        "nprobe cannot be set to 4: exact search has nothing to set"
        in run(capsys, "search", index, "fish", "--nprobe", "4").err
    )
    assert run(capsys, "search", index, "fish", "-k", "0").code == 2
    assert run(capsys, "search", index, "fish", "--queries", "f").code == 2


def test_settings_reach_the_index(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    out = tmp_path / "graph"
    assert run(capsys, "index", tiny_model_folder, lines, "--out", out, "--factory", "HNSW8").code == 0
    assert run(capsys, "search", out, "fish", "--ef-search", "7").code == 0
    finished = run(capsys, "search", out, "fish", "--ef-search", "0")
    assert (finished.code, "efSearch is 0" in finished.err) == (1, True)


def test_a_bad_factory_string_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "index", tiny_model_folder, lines, "--out", tmp_path / "i", "--factory", "HSNW32")
    assert finished.code == 1
    assert finished.err.splitlines()[-1].startswith("Error: 'HSNW32' is no index that FAISS can build")
    assert not (tmp_path / "i").exists()
