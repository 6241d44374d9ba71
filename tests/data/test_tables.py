"""What all tables have in common: columns by name, the same rows from every format, and errors with their location."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pytest

from tests.data.tables import KINDS, opened
from textcl.data.sources.arrow import Arrow
from textcl.errors import DataError
from textcl.files.arrow import columnar_records
from textcl.types.text import Example

pytestmark = pytest.mark.usefixtures("own_cache")
LISTS = [kind for kind in KINDS if not kind.startswith(("rows.csv", "rows.tsv"))]  # of which a field may be a list
TYPED = [kind for kind in LISTS if "jsonl" not in kind]
ROWS = [
    {"note": "x", "p": "Zwölf Boxkämpfer", "a": "one", "n": "drei", "s": 0.5, "k": 3},
    {"note": "", "p": " p2 ", "a": "two", "n": "n2", "s": 1.0, "k": 4},
    {"note": "", "p": "p3", "a": 'say "three"', "n": "n3", "s": 2.0, "k": 3},
]
NAMES = {"anchor": "a", "positive": "p", "negative": "n", "score": "s", "label": "k"}
EXPECTED = [
    Example(0, "one", ("Zwölf Boxkämpfer",), ("drei",), 0.5, 3),
    Example(1, "two", ("p2",), ("n2",), 1.0, 4),
    Example(2, 'say "three"', ("p3",), ("n3",), 2.0, 3),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_rows(tmp_path: Path, kind: str):
    source = opened(tmp_path, kind, ROWS, **NAMES)
    assert [source[row] for row in range(len(source))] == EXPECTED
    assert source[-1] == EXPECTED[2]
    assert source.fingerprint == opened(tmp_path, "rows.jsonl", ROWS, **NAMES).fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_columns_go_by_name_whatever_their_order(tmp_path: Path, kind: str):
    turned = [dict(reversed(row.items())) for row in ROWS]
    source = opened(tmp_path, kind, turned, **NAMES)
    assert [source[row] for row in range(len(source))] == EXPECTED


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_text_is_another_fingerprint(tmp_path: Path, kind: str):
    before = opened(tmp_path, kind, ROWS, **NAMES).fingerprint
    after = opened(tmp_path, kind, [*ROWS[:2], {**ROWS[2], "p": "p4"}], **NAMES).fingerprint
    unread = opened(tmp_path, kind, [*ROWS[:2], {**ROWS[2], "note": "y"}], **NAMES).fingerprint
    assert before == unread != after


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, kind: str):
    with pytest.raises(
        DataError, match=rf"{kind}.*: no column 'pp'; there are note, p, a, n, s, k\. Did you mean 'p'\?"
    ):
        opened(tmp_path, kind, ROWS, anchor="a", positive="pp")


@pytest.mark.parametrize("kind", KINDS)
def test_several_columns_are_one_list_and_some_of_them_may_be_empty(tmp_path: Path, kind: str):
    rows = [{"a": "x", "p1": "1", "p2": "2"}, {"a": "y", "p1": "", "p2": "3"}, {"a": "z", "p1": "4", "p2": " "}]
    source = opened(tmp_path, kind, rows, anchor="a", positive=["p1", "p2"])
    assert [source[row].positives for row in range(3)] == [("1", "2"), ("3",), ("4",)]
    with pytest.raises(DataError, match=rf"{kind}.*: found no text in any of the columns 'p1', 'p2'"):
        opened(tmp_path, kind, [*rows, {"a": "w", "p1": "", "p2": ""}], anchor="a", positive=["p1", "p2"])


@pytest.mark.parametrize("kind", LISTS)
def test_a_field_may_be_a_list_of_any_length(tmp_path: Path, kind: str):
    rows = [
        {"anchor": "x", "positive": ["1"], "negative": ["2", "3", "4"]},
        {"anchor": "y", "positive": ["5", "6"], "negative": ["7"]},
    ]
    source = opened(tmp_path, kind, rows, negative="negative")
    assert source[0] == Example(0, "x", ("1",), ("2", "3", "4"))
    assert source[1] == Example(1, "y", ("5", "6"), ("7",))


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_text_is_named_with_row_and_column(tmp_path: Path, kind: str):
    location = "line 2" if "jsonl" in kind else "row 2" if kind in TYPED else "line 3"
    with pytest.raises(DataError, match=rf"{kind}, {location}, column 'p': found an empty text"):
        opened(tmp_path, kind, [ROWS[0], {**ROWS[1], "p": " "}], **NAMES)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("p", None, "column 'p': found null; it should be a text"),
        ("s", None, "column 's': found null; it should be a finite number"),
        ("s", float("nan"), "column 's': found NaN; it should be a finite number"),
        ("k", None, "column 'k': found null; it should be a whole number or a name"),
    ],
)
def test_what_is_no_value_is_named(tmp_path: Path, kind: str, column: str, value: object, message: str):
    with pytest.raises(DataError, match=rf"{kind}, (line|row) 3, {message}"):
        opened(tmp_path, kind, [*ROWS[:2], {**ROWS[2], column: value}], **NAMES)


@pytest.mark.parametrize("kind", TYPED)
def test_a_column_of_another_type_is_named(tmp_path: Path, kind: str):
    with pytest.raises(DataError, match=r"row 1, column 's': found 0\.5; it should be a text"):
        opened(tmp_path, kind, ROWS, anchor="a", positive="s")
    with pytest.raises(DataError, match=r"row 1, column 'p': found \"Zw.*; it should be a finite number"):
        opened(tmp_path, kind, ROWS, anchor="a", positive="n", score="p")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "names", [{"positive": ["p", "p"]}, {"positive": "a"}, {"positive": "p", "negative": ["n", "p"]}]
)
def test_a_column_named_twice_is_refused(tmp_path: Path, kind: str, names: dict[str, object]):
    with pytest.raises(ValueError, match="is named twice among anchor, positive and negative"):
        opened(tmp_path, kind, ROWS, anchor="a", **names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kind: str):
    source, write = KINDS[kind]
    write(tmp_path / kind, ROWS)
    whole = (tmp_path / kind).read_bytes()
    (tmp_path / kind).write_bytes(whole[: len(whole) - 14])
    with pytest.raises(DataError, match=rf"{kind}"):
        source(str(tmp_path / kind), **NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_and_a_missing_file_are_refused(tmp_path: Path, kind: str):
    source, _ = KINDS[kind]
    with pytest.raises(DataError, match=rf"{kind}: no such file"):
        source(str(tmp_path / kind))
    (tmp_path / kind).write_bytes(b"")
    with pytest.raises(DataError, match=rf"{kind}: "):
        source(str(tmp_path / kind))


@pytest.mark.parametrize("kind", TYPED)
def test_decimals_are_numbers(tmp_path: Path, kind: str):
    rows = [{"a": text, "s": Decimal(score), "k": Decimal("3.00")} for text, score in (("x", "0.50"), ("y", "2.25"))]
    source = opened(tmp_path, kind, rows, anchor="a", positive=None, score="s", label="k")
    assert [(source[row].score, source[row].label) for row in range(2)] == [(0.5, 3), (2.25, 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_whole_floats_are_labels(tmp_path: Path, kind: str):
    rows = [{"a": "x", "k": 1.0}, {"a": "y", "k": 0.0}]
    source = opened(tmp_path, kind, rows, anchor="a", positive=None, label="k")
    assert [source[row].label for row in range(2)] == [1, 0]


def test_an_arrow_file_whose_offsets_lead_out_of_it_is_refused(tmp_path: Path):
    path = tmp_path / "rows.arrow"
    pyarrow.feather.write_feather(pa.table({"anchor": ["a text"] * 9}), str(path), compression="uncompressed")
    ends = [(count * len("a text")).to_bytes(4, "little") for count in (8, 9)]
    whole, (before, last) = path.read_bytes(), ends
    assert whole.count(before + last) == 1
    path.write_bytes(whole.replace(before + last, before + (1 << 24).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"rows\.arrow: cannot be read \(.*out of bounds"):
        Arrow(str(path), positive=None)
    with pytest.raises(DataError, match=r"rows\.arrow: cannot be read \(.*out of bounds"):
        list(columnar_records(path))
