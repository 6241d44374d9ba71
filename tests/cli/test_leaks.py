"""`textcl leaks`, and what `train` says of leakage."""

import json
import logging
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES

PAIRS = [("A man plays the guitar on stage.", "Someone makes music.", 4), ("Two dogs run home fast.", "Fish swim.", 0)]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    rows = [{"sentence1": first, "sentence2": second, "score": score} for first, second, score in PAIRS]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "suite.yaml"
    path.write_text("description: mine\ntasks:\n  - {name: mine, kind: sts, bundled: mine.jsonl}\n")
    return path


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join([*SENTENCES, "a man plays the guitar on stage"]) + "\n")
    return path


def test_leaks_counts_shows_and_writes_every_copy(
    capsys: pytest.CaptureFixture[str], suite: Path, leaky: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "leaks", leaky, suite, "--json", tmp_path / "leaks.json")
    assert finished.code == 0, finished.err
    assert "mine, exact: A man plays the guitar on stage.\n" in finished.out
    assert f"    {leaky}, line 8: a man plays the guitar on stage\n" in finished.out
    assert finished.out.endswith(f"1 of 1 tasks leak into {leaky}: mine.\n")
    found = json.loads((tmp_path / "leaks.json").read_text())["mine"]
    assert found["texts"] == {
        "texts": 4, "short": 0, "exact": 1, "near": 0, "share": 0.25,
        "copies": [
            {
                "text": PAIRS[0][0], "found": "a man plays the guitar on stage",
                "location": f"{leaky}, line 8", "share": 1.0,
            }
        ],
    }  # fmt: skip
    assert found["pairs"] == {"pairs": 2, "both": 0, "together": 0, "same_grade": 0}


def test_text_that_leaks_nothing_is_told_too(capsys: pytest.CaptureFixture[str], suite: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("nothing of it\n")
    finished = run(capsys, "leaks", tmp_path / "clean.txt", suite, "--strict")
    assert finished.code == 0, finished.err
    assert finished.out.endswith(f"0 of 1 tasks leak into {tmp_path / 'clean.txt'}.\n")


def test_strict_leaves_with_1_where_something_leaks(
    capsys: pytest.CaptureFixture[str], suite: Path, leaky: Path
) -> None:
    assert run(capsys, "leaks", leaky, suite, "--strict").code == 1


def test_pairs_that_leak_are_told_with_their_scores(
    capsys: pytest.CaptureFixture[str], suite: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "leaks", tmp_path / "mine.jsonl", suite, "--text-column", "sentence1")
    assert "pairs have both texts" not in finished.out
    finished = run(capsys, "leaks", tmp_path / "mine.jsonl", suite)
    assert (
        "mine: 2 pairs have both texts in the training text, 2 of them side by side, 2 with their own" in finished.out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.txt", "sts-smoke"], "absent.txt: no such file"),
        (["quickstart", "sts-smok"], "There is no suite 'sts-smok'. Did you mean 'sts-smoke'?"),
        (["quickstart", "sts-smoke", "--text-column", "text"], "whose sources name their columns"),
    ],
)
def test_what_can_not_be_compared_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    finished = run(capsys, "leaks", *arguments)
    assert finished.code == 1
    assert message in finished.err
    assert len(finished.err.splitlines()) == 1


def test_a_file_needs_a_suite(capsys: pytest.CaptureFixture[str], leaky: Path) -> None:
    finished = run(capsys, "leaks", leaky)
    assert finished.code == 1
    assert finished.err == f"Error: Name a suite whose texts are looked for in {leaky}, such as sts.\n"


def changes(leaky: Path, model: Path, suite: object) -> list[str]:
    return [
        f"data.sources.0.path={leaky}", f"encoder.backbone={model}", "data.batch_size=4", "training.steps=1",
        f"evaluation.after=[{suite}]",
    ]  # fmt: skip


def test_train_reports_what_leaks_and_says_so_in_a_line(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    suite: Path,
    leaky: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
) -> None:
    with caplog.at_level(logging.WARNING, "textcl.workflows.leaks"):
        finished = run(capsys, "train", "simcse", *changes(leaky, tiny_model_folder, suite), "--out", tmp_path / "run")
    assert finished.code == 0, finished.err
    assert [record.getMessage() for record in caplog.records] == [
        "The training text holds texts that the run is scored on: mine, 1 of 4 texts exactly and 0 nearly."
    ]
    found = json.loads((tmp_path / "run" / "report.json").read_text())["leakage"]["mine"]["texts"]
    assert (found["exact"], found["near"], found["share"]) == (1, 0, 0.25)
    again = run(capsys, "leaks", tmp_path / "run")
    assert "1 of 1 tasks leak into" in again.out


def test_train_says_nothing_of_leakage_where_nothing_leaks(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    leaky: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
) -> None:
    arguments = changes(leaky, tiny_model_folder, "sts-smoke")
    with caplog.at_level(logging.WARNING, "textcl.workflows.leaks"):
        run(capsys, "train", "simcse", *arguments, "--out", tmp_path / "run")
    assert caplog.records == []
    leakage = json.loads((tmp_path / "run" / "report.json").read_text())["leakage"]
    assert leakage["sts-smoke"]["texts"]["exact"] == 0
