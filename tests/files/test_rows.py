"""Local files: JSON lines and tables, and the locations that their rows are told by."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from textcl.errors import DataError
from textcl.files.content import open_content
from textcl.files.lines import refuse_absence
from textcl.files.rows import file_rows, read_rows


def _read(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(row.location.partition(", ")[2], dict(row.fields)) for row in file_rows(path)]


def test_a_quoted_field_of_a_csv_file_may_hold_commas_and_ends_of_lines(tmp_path):
    rows = _read(tmp_path, "x.csv", 'a,b\n"one, ""two""",2\n"three\nlines\nlong",4\nlast,5\n')
    assert rows == [
        ("line 2", {"a": 'one, "two"', "b": "2"}),
        ("line 3", {"a": "three\nlines\nlong", "b": "4"}),
        ("line 6", {"a": "last", "b": "5"}),
    ]


def test_a_quotation_mark_in_a_tsv_file_is_a_character_like_any_other(tmp_path):
    assert _read(tmp_path, "x.tsv", 'a\tb\n"Hello\tx"\nso\t"so"!\n') == [
        ("line 2", {"a": '"Hello', "b": 'x"'}),
        ("line 3", {"a": "so", "b": '"so"!'}),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"Yes, I do"\tno', ("Yes, I do", "no")),  # as Excel quotes
        ('"he said ""no"""\tx', ('he said "no"', "x")),  # as pandas does
        ('"two\nlines"\tx', ("two\nlines", "x")),
        ('"Yes"\tno', ('"Yes"', "no")),  # needs no quotes, so these are its own
        ('"Yes, I do"\ta "b" c', ('"Yes, I do"', 'a "b" c')),  # no program that quotes writes the second field
    ],
)
def test_a_tsv_file_is_unquoted_where_all_of_it_is_written_as_spreadsheets_do(tmp_path, written, read):
    assert _read(tmp_path, "x.tsv", f"a\tb\n{written}\n") == [("line 2", dict(zip("ab", read, strict=True)))]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "tsv"])
def test_each_format_may_be_gzipped_and_is_found_under_either_name(tmp_path, ending):
    content = '{"a": "1"}\n' if ending == "jsonl" else "a\n1\n"
    (tmp_path / f"x.{ending}.gz").write_bytes(gzip.compress(content.encode()))
    for name in (f"x.{ending}", f"x.{ending}.gz"):
        assert [dict(row.fields) for row in file_rows(tmp_path / name)] == [{"a": "1"}]


def test_the_byte_order_mark_of_a_spreadsheet_is_no_part_of_the_first_column(tmp_path):
    assert _read(tmp_path, "x.csv", b"\xef\xbb\xbfa,b\n1,2\n") == [("line 2", {"a": "1", "b": "2"})]
    assert _read(tmp_path, "x.jsonl", b'\xef\xbb\xbf{"a": 1}\n') == [("line 1", {"a": 1})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_the_one_of_its_first_line(tmp_path, delimiter):
    content = f'first{delimiter}second\n"1,5;2|3\t4"{delimiter}x\n'
    assert _read(tmp_path, "x.csv", content) == [("line 2", {"first": "1,5;2|3\t4", "second": "x"})]
    assert _read(tmp_path, "x.csv", f"\n{content}") == [("line 3", {"first": "1,5;2|3\t4", "second": "x"})]
    quoted = f'"1,2;3|4\t5,;|\t"{delimiter}b\n1{delimiter}2\n'
    assert _read(tmp_path, "x.csv", quoted)[0][1]["b"] == "2"


def test_blanks_around_the_names_of_columns_are_no_part_of_them(tmp_path):
    assert _read(tmp_path, "x.csv", "query, document ,,\na,b,,\n")[0][1]["document"] == "b"


def test_a_second_byte_order_mark_and_invisible_characters_are_no_part_of_a_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeff\ufeffanchor,positive\u200b\na,b\n")
    assert [dict(row.fields) for row in file_rows(path)] == [{"anchor": "a", "positive": "b"}]


def test_a_field_may_be_a_long_document(tmp_path):
    text = "word " * 100_000
    assert _read(tmp_path, "x.csv", f"a,b\n{text},2\n") == [("line 2", {"a": text, "b": "2"})]


def test_an_ending_in_capitals_is_that_ending(tmp_path):
    assert _read(tmp_path, "X.CSV.GZ", gzip.compress(b"a\n1\n")) == [("line 2", {"a": "1"})]


def test_a_number_beyond_all_floats_is_named(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"a": 1%s}' % ("0" * 400))
    (row,) = file_rows(tmp_path / "x.jsonl")
    with pytest.raises(DataError, match=r"line 1, column 'a': found 10*…; it should be a finite number"):
        row.number("a")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("x.tsv", "a\tb\n1\n", r"x\.tsv, line 2: found 1 fields between .*, but line 1 names 2 columns: a, b\.$"),
        ("x.csv", "a,b\n1,2,3\n", r"x\.csv, line 2: found 3 fields"),
        ("x.csv", "a,a\n1,2\n", r"x\.csv, line 1: there are 2 columns 'a'; rename"),
        ("x.csv", "a, a\n1,2\n", r"x\.csv, line 1: there are 2 columns 'a'; rename"),
        ("x.csv", "sep=;\na;b\n1;2\n", r"x\.csv, line 1: tells spreadsheets the delimiter"),
        ("x.csv", 'a,b\n1,2\n"never closed,2\n3,4\n', r"x\.csv, line 3: not a row of a table \(unexpected end of data"),
        ("x.csv", b"a,b\n1,2\ncaf\xe9,2\n", r"x\.csv, line 3: not UTF-8 \(byte 0xe9 at column 4\)\. .*latin1"),
        ("x.jsonl", b'{"a": 1}\n{"a": "caf\xe9"}\n', r"x\.jsonl, line 2: not UTF-8 \(byte 0xe9 at column 11\)"),
        ("x.jsonl", '{"a": 1}\n'.encode("utf-16"), r"x\.jsonl, line 1: not UTF-8 .*: iconv -f utf-16"),
        ("x.jsonl", '{"a": %s}\n' % ("1" * 5000), r"x\.jsonl, line 1: not JSON \(Exceeds the limit"),
        ("x.tsv", 'a\tb\n"1\t2"\t3\n4"\t5\n', r"x\.tsv, line 2: found 3 fields .* name the file \.csv"),
        ("x.jsonl.gz", b"no gzip", r"x\.jsonl\.gz: found text under the ending '\.gz'"),
        ("x.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:-9], r"x\.jsonl\.gz: not a whole gzip file"),
        ("x.txt", "one\n", r"x\.txt: found a text file, which has no columns\. Name one that has: JSONL"),
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_the_reason(tmp_path, name, content, error):
    with pytest.raises(DataError, match=error):
        _read(tmp_path, name, content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", b"version https://git-lfs.github.com/spec/v1\noid 1\n", "a pointer of Git LFS, .*git lfs pull"),
        ("x.jsonl", bz2.compress(b"{}\n", 1), r"compressed by bzip2 .*Add \.bz2"),
        ("x.jsonl", bz2.compress(b""), "compressed by bzip2"),
        ("x.csv", b"<!DOCTYPE html>\n<html></html>\n", "a web page, not the file itself"),
        ("x.csv", "a,b\n1,2\n".encode("utf-32"), "It looks like UTF-32: .*iconv -f utf-32 "),
        ("x.csv", "a,b\n1,2\n".encode("utf-32-le"), "It looks like UTF-32: .*iconv -f utf-32le "),
        ("x.csv", "текст,b\n".encode("cp1251"), "It looks like another script .*windows-1251"),
        ("x.csv", "a man plays the guitar 日本語の文,b\n".encode("shift_jis"), "It looks like another script"),
        ("x.csv", "le café et la crème,b\n".encode("mac_roman"), "an encoding of old Macs .*iconv -f macintosh"),
        ("x.csv", b"le caf\xe9, don\x92t,b\n", "It looks like Windows-1252"),
        ("x.csv", b"a \xed\xa0\xbd\xed\xb8\x80,b\n", r"\(CESU-8\).*uconv -f cesu-8"),
        ("x.jsonl", b"\n\n <!DOCTYPE html>\n<html></html>", "found a web page"),
        ("x.jsonl", b"\xef\xbb\xbf<?xml version='1.0'?>\n<Error/>", "found XML under"),
        (
            "x.csv.gz",
            gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0),
            "It is compressed twice: unpack it once",
        ),
        (
            "x.csv",
            "a\ncafé\nüber\n".encode() + b"Stra\xdfe\n",
            "line 4: .* Mend this line, all others are UTF-8",
        ),
        ("x.csv", b"a\nno\0thing\n", "binary data|NUL"),
        ("x.jsonl", b'{"a": "no\\u0000thing"}\n', "column 'a': found a NUL character"),
        ("x.jsonl", b'{"a": "one"}\r{"a": "two"}\r', "lines end as those of old Macs"),
    ],
)
def test_bytes_of_another_kind_are_told_by_what_they_are(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        [row.text("a") for row in file_rows(tmp_path / name)]


def pack_zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    ("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", pack_zstd)]
)
def test_a_small_file_that_unpacks_to_one_long_line_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr("textcl.files.lines._LONGEST_LINE", 100_000)
    for name, start in {"t.txt": b"", "t.jsonl": b'{"anchor": "', "t.csv": b'anchor\n"'}.items():
        path = tmp_path / f"{name}{ending}"
        path.write_bytes(pack(start + b"a " * 100_000))
        for read in (lambda path=path: list(read_rows(path)), lambda path=path: open_content(path)):
            with pytest.raises(DataError, match=rf"{name}{ending}: a line in it is longer than"):
                read()
    (tmp_path / f"short.txt{ending}").write_bytes(pack(b"a man\n" * 100_000))
    assert len(list(read_rows(tmp_path / f"short.txt{ending}"))) == 100_000


def test_a_small_file_that_unpacks_to_many_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.txt.gz"
    path.write_bytes(gzip.compress(b"a man\n" * 200_000))
    assert len(list(read_rows(path))) == 200_000  # as long as it is small
    monkeypatch.setattr("textcl.files.lines._ALWAYS_UNPACKED", 1_000_000)
    with pytest.raises(DataError, match=r"t\.txt\.gz: it unpacks to more than 200 times its size"):
        list(read_rows(path))


def test_a_file_in_the_place_of_another_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "t.txt.gz"
    for text in (b"a man plays\n", b"a dog plays\n"):  # of one size, and of one time, as archives unpack
        path.write_bytes(gzip.compress(text, mtime=0))
        os.utime(path, ns=(0, 0))
        assert list(open_content(path).lines()) == [text]


def test_a_copy_that_another_process_puts_in_the_place_of_ours_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "t.txt.gz"
    path.write_bytes(gzip.compress(b"a man plays\n"))
    content = open_content(path)
    content.file.unlink()  # as another process moves its own copy there
    assert open_content(path) == content
    assert content.read(2, 5) == b"man"


def test_more_files_are_read_than_may_be_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    contents = []
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(f"text {number:02}\n")
        contents.append(open_content(tmp_path / f"{number}.txt"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)  # the least number that is free
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 5, limits[1]))
    try:
        assert [content.read(5, 7) for content in contents] == [f"{number:02}".encode() for number in range(20)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no such files")
def test_a_file_of_the_kernel_that_has_no_size_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.symlink_to("/proc/self/status")  # others, such as /proc/kmsg, never end
    with pytest.raises(DataError, match=r"t\.txt: the file holds no rows"):
        list(read_rows(path))


def test_a_name_that_no_file_can_have_is_told_in_words() -> None:
    with pytest.raises(DataError, match=rf"^{'x' * 300}: cannot be read \(File name too long\)\.$"):
        refuse_absence(Path("x" * 300))
