"""Local files: JSON lines and tables, and the places that their rows are told by."""

import gzip

import pytest

from textcl.errors import DataError
from textcl.evaluation.local import file_rows


def _read(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(row.place.partition(", ")[2], dict(row.fields)) for row in file_rows(path)]


def test_a_quoted_field_of_a_csv_file_may_hold_commas_and_ends_of_lines(tmp_path):
    rows = _read(tmp_path, "x.csv", 'a,b\n"one, ""two""",2\n"three\nlines\nlong",4\nlast,5\n')
    assert rows == [
        ("line 2", {"a": 'one, "two"', "b": "2"}),
        ("line 3", {"a": "three\nlines\nlong", "b": "4"}),
        ("line 6", {"a": "last", "b": "5"}),
    ]


def test_a_quotation_mark_in_a_tsv_file_is_a_character_like_any_other(tmp_path):
    assert _read(tmp_path, "x.tsv", 'a\tb\n"Hello\tx"\n') == [("line 2", {"a": '"Hello', "b": 'x"'})]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "tsv"])
def test_each_format_may_be_gzipped_and_is_found_under_either_name(tmp_path, ending):
    content = '{"a": "1"}\n' if ending == "jsonl" else "a\n1\n"
    (tmp_path / f"x.{ending}.gz").write_bytes(gzip.compress(content.encode()))
    for name in (f"x.{ending}", f"x.{ending}.gz"):
        assert [dict(row.fields) for row in file_rows(tmp_path / name)] == [{"a": "1"}]


def test_the_byte_order_mark_of_a_spreadsheet_is_no_part_of_the_first_column(tmp_path):
    assert _read(tmp_path, "x.csv", b"\xef\xbb\xbfa,b\n1,2\n") == [("line 2", {"a": "1", "b": "2"})]
    assert _read(tmp_path, "x.jsonl", b'\xef\xbb\xbf{"a": 1}\n') == [("line 1", {"a": 1})]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("x.tsv", "a\tb\n1\n", r"x\.tsv, line 2: 1 fields; the first line names 2: a, b"),
        ("x.csv", "a,b\n1,2,3\n", r"x\.csv, line 2: 3 fields"),
        ("x.csv", "a,a\n1,2\n", r"x\.csv, line 1: the columns are a, a; two have one name"),
        ("x.csv", 'a,b\n"never closed,2\n', r"x\.csv can not be read as CSV in UTF-8"),
        ("x.jsonl", b'{"a": "caf\xe9"}\n', r"x\.jsonl can not be read as JSONL in UTF-8"),
        ("x.jsonl.gz", b"no gzip", r"x\.jsonl\.gz can not be read as JSONL"),
        ("x.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:-9], r"x\.jsonl\.gz can not be read as JSONL"),
        ("x.txt", "one\n", r"x\.txt ends in '\.txt'; it must end in \.jsonl, \.ndjson, \.json, \.csv, \.tsv"),
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_the_reason(tmp_path, name, content, fault):
    with pytest.raises(DataError, match=fault):
        _read(tmp_path, name, content)
