"""`textcl init` as a user runs it."""

from pathlib import Path

import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES


def test_init_says_what_a_file_holds_and_check_takes_what_it_writes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model_folder: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f'"{text}","{text} again",\n' for text in SENTENCES)
    (tmp_path / "faq.csv").write_text(f"question,answer,negative\n{rows}")
    finished = run(capsys, "init", "faq.csv", "--backbone", tiny_model_folder)
    assert finished.code == 0, finished.err
    assert "faq.csv: 7 rows, which seem to hold pairs. Languages are guesses." in finished.out
    assert [line.split("│")[2].strip() for line in finished.out.splitlines() if line.startswith("│")] == [
        "anchor", "positive", "-",
    ]  # fmt: skip
    assert finished.out.rstrip().endswith("The recipe is faq.yaml. Look at it, then: textcl check faq.yaml")
    assert run(capsys, "check", "faq.yaml").code == 0
    again = run(capsys, "init", "faq.csv")
    assert again.code == 1
    assert "--force" in again.err
    assert run(capsys, "init", "faq.csv", "--force").code == 0


def test_init_names_rows_that_training_would_refuse(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tsv").write_text("anchor\tpositive\none two\tthree four\nfive six\t\nseven\teight nine\n")
    finished = run(capsys, "init", "a.tsv", "--out", "b.yaml")
    assert "1 rows are empty in 'positive': drop or fill them, training refuses them." in finished.out
    assert run(capsys, "init", "none.tsv").err.startswith("Error: none.tsv: no such file")
