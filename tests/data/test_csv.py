"""CSV and TSV: quotes, line ends, marks, and what goes wrong in them."""

import csv
import gzip
from pathlib import Path

import pytest

from textcl.data.sources.tables import CSV, TSV
from textcl.errors import DataError


def written(folder: Path, content: bytes, name: str = "a.csv") -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_a_quoted_field_may_hold_commas_quotes_and_line_breaks(tmp_path: Path):
    content = b'anchor,positive\n"one,\n\ntwo","say ""no"""\n\nthree,four\n'
    source = CSV(written(tmp_path, content))
    assert [(source[row].anchor, source[row].positives) for row in (1, 0)] == [
        ("three", ("four",)),
        ("one,\n\ntwo", ('say "no"',)),
    ]
    assert [source.location(row)[-6:] for row in range(2)] == ["line 2", "line 6"]
    assert len(source) == 2


def test_windows_line_ends_and_a_byte_order_mark_are_no_text(tmp_path: Path):
    source = CSV(written(tmp_path, "\ufeffanchor,positive\r\na,b\r\n\r\nc,d\r\n".encode()))
    assert [(source[row].anchor, source[row].positives) for row in range(2)] == [("a", ("b",)), ("c", ("d",))]


def test_separators_that_only_unicode_knows_end_no_row(tmp_path: Path):
    source = CSV(written(tmp_path, "anchor,positive\na\u2028b,c\x85d\n".encode()))
    assert (source[0].anchor, source[0].positives) == ("a\u2028b", ("c\x85d",))


def test_another_delimiter_may_stand_between_fields(tmp_path: Path):
    assert CSV(written(tmp_path, b"anchor;positive\n1,5 m;x\n"), delimiter=";")[0].anchor == "1,5 m"
    with pytest.raises(ValueError, match="delimiter must be one character"):
        CSV(written(tmp_path, b"a\n"), delimiter="||")


def test_in_tsv_a_quotation_mark_is_a_sign_like_any_other(tmp_path: Path):
    source = TSV(written(tmp_path, b'anchor\tpositive\n5" wide\t"so\n', "a.tsv"))
    assert (source[0].anchor, source[0].positives) == ('5" wide', ('"so',))
    quoted = CSV(written(tmp_path, b'anchor\tpositive\n"a\tb"\tc\n', "b.tsv"), delimiter="\t")
    assert quoted[0].anchor == "a\tb"


def test_scores_and_labels_are_numbers_where_they_spell_one(tmp_path: Path):
    path = written(tmp_path, b"anchor,s,k\na, 4.5e-1 ,7\nb,2,cat\nc,1,7.0\nd,1,007\n")
    source = CSV(path, positive=None, score="s", label="k")
    assert [source[row].score for row in range(2)] == [0.45, 2.0]
    labels = [source[row].label for row in range(4)]
    assert (labels[0], labels[2]) == (7, 7)
    assert isinstance(labels[1], int)
    assert labels[3] != 7, "007 is a name"


@pytest.mark.parametrize("value", ["nan", "inf", "", "high", "1_000", "3;5"])
def test_a_score_that_is_no_finite_number_is_named(tmp_path: Path, value: str):
    path = written(tmp_path, f"anchor,positive,s\na,b,1\nc,d,{value}\n".encode())
    with pytest.raises(
        DataError, match=rf'a\.csv, line 3, column \'s\': found "{value}"; it should be a finite number'
    ):
        CSV(path, score="s")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"anchor,positive\na,b,c\n",
            r"line 2: found 3 fields between ',', but line 1 names 2 columns: anchor, positive",
        ),
        (b"anchor,positive\na,b\nc\n", r"line 3: found 1 fields between ','"),
        (b"anchor,positive,anchor\na,b,c\n", r"line 1: there are 2 columns 'anchor'; rename or drop all but one"),
        (b'anchor,positive\na,b\n"c,d\ne,f\n', r"line 3: not a row of a table \(.*\)\. Look for a quotation mark"),
        (b'anchor,positive\n"c"x,d\n', r"line 2: not a row of a table"),
        (b'anchor,positive\n"' + b"x\n" * 100_000, r"line 2: not a row of a table \(unexpected end of data"),
        (b"sep=,\nanchor,positive\na,b\n", r"line 1: tells spreadsheets the delimiter\. Take the line out"),
        (b"sep=;\nanchor;positive\na;b\n", r"line 1: tells spreadsheets the delimiter\. Take the line out"),
        ("anchor,positive\na,b\n".encode("utf-16"), r"line 1: not UTF-8 .*: iconv -f utf-16 -t utf-8"),
        (b"anchor,positive\ra,b\rc,d\r", r"a\.csv: its lines end as those of old Macs.*tr '\\r' '\\n' < OLD > NEW"),
        (b"anchor,positive\na,b\nc,na\xefve\n", r"line 3: not UTF-8 \(byte 0xef at column 5\)"),
        (b"anchor,positive\n", r"a\.csv: the file holds no rows"),
        (b"", r"a\.csv: the file holds no rows"),
        (b"A man sings.,Someone sings.\n", r"line 1: no column 'anchor'; there are A man sings\., Someone sings\."),
    ],
)
def test_an_error_is_named_with_its_line(tmp_path: Path, content: bytes, message: str):
    with pytest.raises(DataError, match=message):
        CSV(written(tmp_path, content))


def test_a_field_may_be_a_long_document(tmp_path: Path):
    text = "word " * 100_000
    assert CSV(written(tmp_path, f"anchor\n{text}\nshort\n".encode()), positive=None)[0].anchor == text.strip()


def test_a_field_beyond_all_measure_is_told_as_such(tmp_path: Path):
    limit = csv.field_size_limit(10)
    try:
        with pytest.raises(DataError, match=r"line 2: a field is longer than 10 characters\. A quotation mark"):
            CSV(written(tmp_path, b"anchor\nmore than ten letters\n"), positive=None)
    finally:
        csv.field_size_limit(limit)


def test_quoted_fields_in_tsv_are_told_with_the_way_out(tmp_path: Path):
    content = b'anchor\tpositive\n"a\tb"\tc\nhe said "no"\td\n'
    with pytest.raises(DataError, match=r'line 2: found 3 fields .* in a recipe use CSV with delimiter: "\\t"\.'):
        TSV(written(tmp_path, content, "a.tsv"))
    with pytest.raises(DataError, match=r"columns: anchor, positive\.$"):
        TSV(written(tmp_path, b"anchor\tpositive\na\tb\tc\n", "b.tsv"))


def test_blanks_around_the_names_of_columns_are_no_part_of_them(tmp_path: Path):
    assert CSV(written(tmp_path, b"anchor, positive ,,\na,b,,\n"))[0].positives == ("b",)


def test_an_ending_in_capitals_is_that_ending(tmp_path: Path):
    assert CSV(written(tmp_path, gzip.compress(b"anchor,positive\na,b\n"), "A.CSV.GZ"))[0].anchor == "a"


@pytest.mark.parametrize("label", ["1", "1.0", "1e0", "+1.00"])
def test_a_label_that_spells_a_whole_number_is_one(tmp_path: Path, label: str):
    path = written(tmp_path, f"anchor,k\na,{label}\n".encode())
    assert CSV(path, positive=None, label="k")[0].label == 1


@pytest.mark.parametrize("label", ["1.5", "1e999", "9" * 5000])
def test_a_label_that_is_another_number_is_refused(tmp_path: Path, label: str):
    path = written(tmp_path, f"anchor,k\na,{label}\n".encode())
    with pytest.raises(DataError, match=r"line 2, column 'k': found .*; it should be a whole number or a name"):
        CSV(path, positive=None, label="k")


@pytest.mark.parametrize("score", ["1" + "0" * 400, "9" * 5000, "1e999"])
def test_a_score_beyond_all_floats_is_named(tmp_path: Path, score: str):
    path = written(tmp_path, f"anchor,s\na,{score}\n".encode())
    with pytest.raises(DataError, match=r"line 2, column 's': found .*; it should be a finite number"):
        CSV(path, positive=None, score="s")
