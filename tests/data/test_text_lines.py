"""A text file as a source."""

import gzip
from pathlib import Path

import pytest

from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_a_line_is_a_row_and_blank_lines_only_count(tmp_path: Path):
    source = TextLines(written(tmp_path / "a.txt", b"\n one \r\n\t\ntwo\xe2\x80\xa8parts\nlast"))
    assert [source[row].anchor for row in range(len(source))] == ["one", "two\u2028parts", "last"]
    assert source[0].positives == ()
    assert [source.location(row).rsplit(", ", 1)[1] for row in range(3)] == ["line 2", "line 4", "line 5"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    assert TextLines(written(tmp_path / "a.txt", b"\xef\xbb\xbffirst\nsecond"))[0].anchor == "first"


def test_a_gzipped_file_reads_like_a_plain_one(tmp_path: Path):
    content = "eins\nzwei\ndrei übrig\n".encode()
    plain = TextLines(written(tmp_path / "a.txt", content))
    packed = TextLines(written(tmp_path / "a.txt.gz", gzip.compress(content)))
    assert plain.fingerprint == packed.fingerprint
    assert packed[2].anchor == "drei übrig"


def test_the_fingerprint_changes_with_a_text_and_with_the_order(tmp_path: Path):
    contents = (b"one\ntwo\n", b"one\ntwp\n", b"two\none\n", b"one two\n")
    files = [written(tmp_path / f"{number}.txt", content) for number, content in enumerate(contents)]
    assert len({TextLines(file).fingerprint for file in files}) == 4


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path):
    path = written(tmp_path / "latin.txt", b"good\nna\xefve\n")
    with pytest.raises(DataError, match=r"latin\.txt, line 2: not UTF-8 \(byte 0xef at column 3\)\. .*iconv"):
        TextLines(path)


def test_a_missing_file_suggests_a_similar_name(tmp_path: Path):
    written(tmp_path / "wiki.txt.gz", gzip.compress(b"x"))
    with pytest.raises(DataError, match=r"wiki\.txt: no such file in .* Did you mean 'wiki\.txt\.gz'\?"):
        TextLines(str(tmp_path / "wiki.txt"))


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"its folder .*corpora does not exist"):
        TextLines(str(tmp_path / "corpora" / "wiki.txt"))


def test_a_folder_in_location_of_a_file_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="is a folder; name a file in it"):
        TextLines(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"\n  \n\t\n"])
def test_a_file_without_text_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(DataError, match="holds no rows"):
        TextLines(written(tmp_path / "empty.txt", content))


def test_a_broken_gzip_file_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"broken\.txt\.gz: not a whole gzip file"):
        TextLines(written(tmp_path / "broken.txt.gz", gzip.compress(b"text\n" * 1000, mtime=0)[:-12]))
    with pytest.raises(DataError, match=r"plain\.txt\.gz: found text under the ending '\.gz'"):
        TextLines(written(tmp_path / "plain.txt.gz", b"plain text\n"))
