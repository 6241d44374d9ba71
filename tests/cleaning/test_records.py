"""Files as they stand: what is read of them, what comes out as it went in, and which line is at fault."""

import gzip
from pathlib import Path

import pytest

from textcl.cleaning.cleaner import Cleaning, clean
from textcl.cleaning.rules import Rules
from textcl.errors import DataError


def cleaned(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return what is kept of a file, and the columns of its texts."""
    out = path.with_name(f"out-{path.name}")
    columns = clean(path, out, None, Cleaning(Rules()), force=True).columns
    return (gzip.decompress(out.read_bytes()) if out.suffix.lower() == ".gz" else out.read_bytes()), columns


def refusal(path: Path, content: bytes) -> str:
    """Return why a file of this content cannot be cleaned."""
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        clean(path, path.with_name(f"out-{path.name}"), None, Cleaning(Rules()))
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'anchor,positive\r\n"one",  two\r\n"q\r\nr","s, ""t"""\r\nlast,row'),
        ("a.csv", b"anchor;positive\none, two;three\n"),
        ("a.csv", b"anchor|positive\none, two|three\n"),
        ("a.csv", b'anchor\tpositive\n"one\n1"\ttwo\n'),
        ("a.csv", b'anchor;"positive, that is, an answer"\none, two;three\n'),
        ("a.csv", b" anchor , positive,,\none, two,,\n"),
        ("a.tsv", b'anchor\tpositive\r\n"one\ttwo\r\n'),
        ("a.jsonl", b'{ "anchor":"one" , "positive":"tw\\u00f6"}\r\n'),
        ("a.json", b'{"anchor": "one", "positive": "two"}\n'),
        ("a.txt", b"one\r\n two \nthree"),
    ],
)
def test_rows_come_out_to_the_byte_as_they_went_in(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    kept, columns = cleaned(path)
    assert kept == content
    assert columns[0] == ("text" if name == "a.txt" else "anchor")
    packed = tmp_path / f"{name.upper()}.GZ"
    packed.write_bytes(gzip.compress(content))
    assert cleaned(packed) == (kept, columns)


def test_the_columns_are_those_of_training_blanks_around_them_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("query, document,,\none,two,,\n")
    assert cleaned(path)[1] == ("query", "document")


def test_a_field_of_any_length_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"anchor,positive\none,two\nlong,{'word ' * 40_000}\nthree,four\n")
    assert cleaned(path)[0] == b"anchor,positive\none,two\nthree,four\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'anchor,positive\na,b\n"c,d\ne,f\n', "line 3: not a row of a table (unexpected end"),
        (b'anchor,positive\n"two\nlines",b\n"he said" hi,x\n', "line 4: not a row of a table"),
        (b"anchor,positive\ra,b\r", "line 1: not a row of a table (new-line"),
        (b"text,text\na,b\n", "line 1: there are 2 columns 'text'"),
        (b"", "the file is empty"),
        (b"text,label\n", "holds no row that can be read: there is none"),
        (b"text,label\n\na\n", "holds no row that can be read, line 3: 1 fields where the first line names 2"),
        (b"text\none\ncaf\xe9\n", "line 3: not UTF-8 (byte 0xe9 at column 4). Convert the file, for example: iconv"),
        ("text\none\n".encode("utf-16"), "Convert the file, for example: iconv -f utf-16 -t utf-8"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(tmp_path / "a.csv", content)


def test_files_that_are_no_text_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("a.parquet", "A.ARROW", "a.feather"):
        assert f"{name} is no file of lines. Write it as JSON lines first" in refusal(tmp_path / name, b"PAR1")
    assert "not a JSON object" in refusal(tmp_path / "a.json", b'[{"text": "one"}]\n')
    array = b'[\n{"text": "one"},\n{"text": "two"}\n]\n'
    assert "line 1: starts an array. Write one object a line" in refusal(tmp_path / "a.json", array)
    assert "cannot be read" in refusal(tmp_path / "a.jsonl.gz", b"no gzip")
