"""Several sources read as one."""

from pathlib import Path

import pytest

from textcl.data.sources.concatenation import Concatenation
from textcl.data.sources.text_files import TextLines


def lines(folder: Path, name: str, *texts: str) -> TextLines:
    (folder / name).write_text("\n".join(texts), encoding="utf-8")
    return TextLines(str(folder / name))


def test_rows_follow_each_other_and_are_numbered_anew(tmp_path: Path):
    texts = {"a.txt": "ab", "b.txt": "c", "c.txt": "d"}
    source = Concatenation([lines(tmp_path, name, *letters) for name, letters in texts.items()])
    assert [(source[row].row, source[row].anchor) for row in range(len(source))] == list(enumerate("abcd"))
    assert [Path(source.location(row)).name for row in range(4)] == [
        "a.txt, line 1",
        "a.txt, line 2",
        "b.txt, line 1",
        "c.txt, line 1",
    ]
    assert source[-1].row == 3


def test_the_fingerprint_depends_on_the_order_of_sources(tmp_path: Path):
    one, two = lines(tmp_path, "a.txt", "a"), lines(tmp_path, "b.txt", "b")
    assert Concatenation([one, two]).fingerprint != Concatenation([two, one]).fingerprint


def test_no_sources_are_refused():
    with pytest.raises(ValueError, match="at least one source, found none"):
        Concatenation([])
