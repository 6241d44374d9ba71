"""No text of a corpus, a name or an error steers the terminal, and no encoding of it ends a verb."""

import io
import json
import logging
import sys
from pathlib import Path

import pytest
from rich.table import Table

from tests.cli.running import run
from textcl.cli.screen import results
from textcl.util.visible import one_line, visible, visible_streams


def test_control_characters_are_shown_and_text_stays() -> None:
    assert visible("a\x1b]0;owned\x07 b\tc\n") == "a␛]0;owned␇ b\tc\n"
    assert visible("\x7f\x9b\u202e\r") == "␡��␍"
    assert visible("é 日本 👩‍👩‍👧 \u200bx") == "é 日本 👩‍👩‍👧 \u200bx"
    assert one_line(" a\n\x1bb  c\r\n") == "a ␛b c"


def written(monkeypatch: pytest.MonkeyPatch, encoding: str, text: object) -> bytes:
    """What arrives at a standard output of an encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    with visible_streams():
        sys.stdout.write(f"{text}\n")
        table = Table("name")
        table.add_row(str(text))
        results().print(table)
    stream.flush()
    return stream.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp437"])
@pytest.mark.parametrize("text", ["plain", "\x1b]52;c;b3duZWQ=\x07", "[/x] [red]a", "half \ud800", "… 日本"])
def test_any_text_is_printed_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str, text: str) -> None:
    shown = written(monkeypatch, encoding, text)
    assert b"\x1b" not in shown
    assert b"\x07" not in shown
    if text.startswith("["):
        assert shown.count(text.encode()) == 2


def test_an_error_shows_what_is_odd_in_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "check", "no\x1b[2Jrecipe")
    assert shown.code == 1
    assert "no␛[2Jrecipe" in shown.err


def test_leaks_prints_names_that_look_like_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f'{{"sentence1": "a {n}", "sentence2": "b {n}", "score": {n}}}' for n in range(3)]
    Path("sts.jsonl").write_text("\n".join(rows), encoding="utf-8")
    Path("s.yaml").write_text('description: x\ntasks: [{name: "t[/red]u", kind: sts, bundled: sts.jsonl}]\n')
    Path("texts.txt").write_text("a 1\n")
    shown = run(capsys, "leaks", "texts.txt", "./s.yaml")
    assert "t[/red]u" in shown.out
    assert shown.code == 0


def test_no_name_begins_a_line_that_looks_like_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"sentence1": f"a {n}", "sentence2": f"b {n}", "score": n, "x\nError: a": "so many words"} for n in range(3)
    ]
    Path("sts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    Path("s.yaml").write_text('description: x\ntasks: [{name: "t\\nError: b", kind: sts, bundled: sts.jsonl}]\n')
    Path("texts.txt").write_text("a 1\n")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own
    shown = run(capsys, "leaks", "texts.txt", "./s.yaml")
    assert "t Error: b, texts: 1 of the 1 exact copies" in shown.out
    assert "'x\n       Error: a' holds texts" in shown.err
    assert not any(line.startswith("Error") for line in (shown.out + shown.err).splitlines())
