"""Files as they stand: what is read of them, what comes out as it went in, and which line is at fault."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from textcl.cleaning.cleaner import Cleaning, clean
from textcl.cleaning.rules import Rules
from textcl.errors import DataError
from textcl.files.lines import read_lines
from textcl.files.rows import file_rows


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
        (b"anchor,positive\ra,b\r", "its lines end as those of old Macs, so that all of it is one line."),
        (b"text,text\na,b\n", "line 1: there are 2 columns 'text'"),
        (b"", "the file holds no rows"),
        (b"text,label\n", "the file holds no rows"),
        (b"text,label\n\na\n", "line 3: found 1 fields between ',', but line 1 names 2 columns"),
        (b"text\none\ncaf\xe9\n", "line 3: not UTF-8 (byte 0xe9 at column 4). It looks like Latin-1"),
        ("text\none\n".encode("utf-16"), "It looks like UTF-16: convert the file, for example: iconv -f utf-16 -t"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(tmp_path / "a.csv", content)


def test_a_file_that_is_one_array_is_refused_as_a_whole(tmp_path: Path) -> None:
    assert "line 1: starts an array, not an object" in refusal(tmp_path / "a.json", b'[{"text": "one"}]\n')
    array = b'[\n{"text": "one"},\n{"text": "two"}\n]\n'
    assert "line 1: starts an array, not an object. Write one object a line" in refusal(tmp_path / "a.json", array)


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_rows_of_parquet_and_arrow_are_written_as_json_lines(tmp_path: Path, name: str) -> None:
    table = pa.table({"text": ["one", " ", "two", "one"], "label": [1, 2, 3, 1]})
    if name == "a.parquet":
        pq.write_table(table, tmp_path / name)
    else:
        feather.write_feather(table, str(tmp_path / name))
    out = tmp_path / "out.jsonl.zst"
    clean(tmp_path / name, out, tmp_path / "dropped.jsonl", Cleaning(Rules()))
    assert [dict(row.fields) for row in file_rows(out)] == [{"text": "one", "label": 1}, {"text": "two", "label": 3}]
    assert [row.fields["line"] for row in file_rows(tmp_path / "dropped.jsonl")] == [2, 4]
    with pytest.raises(
        DataError, match=r"gets the rows of a\.\w+ as JSONL, which is not its ending\. Name it out\.jsonl"
    ):
        clean(tmp_path / name, tmp_path / "out.parquet", None, Cleaning(Rules()))


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_what_is_kept_is_compressed_as_the_name_says(tmp_path: Path, ending: str) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    out = tmp_path / f"out.txt{ending}"
    clean(tmp_path / "a.txt", out, None, Cleaning(Rules()))
    assert [text for _, text in read_lines(out)] == ["one", "two"]
    assert not out.read_bytes().startswith(b"one")
