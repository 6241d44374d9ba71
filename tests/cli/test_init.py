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
    assert (
        "Training refuses 1 rows, the first: a.tsv, line 3, column 'positive': found an empty text; fill it, or "
        "drop the row."
    ) in finished.out
    assert run(capsys, "init", "none.tsv").err.startswith("Error: none.tsv: no such file")


def test_texts_in_the_place_of_names_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("".join(f"{text},{text} again\n" for text in SENTENCES))
    finished = run(capsys, "init", "a.csv")
    assert (finished.code, not (tmp_path / "a.yaml").exists()) == (1, True)
    assert f"a.csv, line 1: found texts such as '{SENTENCES[0]}' where the columns are named." in finished.err


def test_a_text_among_the_names_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("".join(f"{text},again\n" for text in SENTENCES))
    finished = run(capsys, "init", "a.csv")
    assert f"'{SENTENCES[0]}' was taken for the name of a column: write names above the first row." in finished.out


def test_the_next_command_can_be_pasted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my texts.txt").write_text("\n".join(SENTENCES))
    assert run(capsys, "init", "my texts.txt").out.rstrip().endswith("textcl check 'my texts.yaml'")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.txt",
            "a dog barks\na cat sleeps\na dog barks\n",
            "repeat a text of 'text': they teach little twice.",
        ),
        ("a.csv", "anchor,positive\na dog,it barks\na cat,it purrs\na dog,it bites\n", "each is a pair of its own"),
        ("a.csv", "sentence1,sentence2,score\na dog,it barks,1\na cat,it purrs,2.5\na dog,it bites,3\n", None),
    ],
)
def test_repeated_texts_are_told_where_they_matter(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str,
    said: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    shown = run(capsys, "init", name).out
    assert said in shown if said else "repeat" not in shown
