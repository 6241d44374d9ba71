"""`textcl clean` as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.cli.running import run


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [("a man", "the guitar"), ("A man!", "the guitar"), ("a dog", "A DOG"), ("a fish", "")]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"q": q, "a": a}) + "\n" for q, a in rows))
    return path


def test_clean_counts_what_it_drops_and_says_why(
    capsys: pytest.CaptureFixture[str], pairs: Path, tmp_path: Path
) -> None:
    out, dropped = tmp_path / "clean.jsonl", tmp_path / "dropped.jsonl"
    finished = run(
        capsys, "clean", pairs, "--out", out, "--dropped", dropped, "--text-column", "q", "--text-column", "a"
    )
    assert finished.code == 0, finished.err
    assert out.read_text() == '{"q": "a man", "a": "the guitar"}\n'
    assert [json.loads(line)["reason"] for line in dropped.read_text().splitlines()] == [
        "duplicate", "identical sides", "empty",
    ]  # fmt: skip
    assert "│ kept            │     1 │ 25.0% │" in finished.out
    assert finished.out.endswith(f"4 rows read, texts in q, a.\n{out}: 1 rows; {dropped}: 3 rows\n")


def test_a_model_drops_pairs_out_of_bounds(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    finished = run(
        capsys, "clean", pairs, "--out", tmp_path / "out.jsonl", "--text-column", "q", "--text-column", "a",
        "--model", tiny_model_folder, "--min-cosine", "0.9999",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    assert "sides too far apart" in finished.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--out", "INPUT"], 1, "must be different files"),
        (["--out", "out.jsonl"], 1, "has the columns q, a. Name those that hold texts with --text-column"),
        (["--out", "out.jsonl", "--dropped", "out.csv"], 1, "must end in .jsonl"),
        (["--out", "out.csv", "--text-column", "q"], 1, "which is not its ending"),
        (["--out", "out.jsonl", "--min-cosine", "0.5"], 2, "these need --model"),
        (["--out", "out.jsonl", "--near", "0.2"], 2, "it must be from 0.5 to 1"),
        (["--out", "out.jsonl", "--language", "xx"], 2, "'xx' cannot be told"),
    ],
)
def test_what_can_not_be_cleaned_is_told(
    capsys: pytest.CaptureFixture[str], pairs: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    given = [str(pairs) if a == "INPUT" else str(tmp_path / a) if a.startswith("out.") else a for a in arguments]
    finished = run(capsys, "clean", pairs, *given)
    assert finished.code == code
    assert message in finished.err
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["pairs.jsonl"]


def test_files_that_are_there_are_replaced_by_force_alone(
    capsys: pytest.CaptureFixture[str], pairs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clean.jsonl"
    out.write_text("precious\n")
    arguments = ("clean", pairs, "--out", out, "--text-column", "q")
    refused = run(capsys, *arguments)
    assert (refused.code, out.read_text()) == (1, "precious\n")
    assert "is there already" in refused.err
    assert run(capsys, *arguments, "--force").code == 0
    assert out.read_text() != "precious\n"
