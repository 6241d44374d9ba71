"""A JSONL file of pairs, triplets or graded pairs as a source."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError
from textcl.types.text import Example

GOOD = '{"anchor": "a", "positive": "b"}'


def written(folder: Path, *lines: str) -> str:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_pairs_are_read_and_other_columns_left_alone(tmp_path: Path):
    source = JsonLines(written(tmp_path, GOOD, "", '{"positive": " d ", "negative": "e", "anchor": "c"}'))
    assert [source[row] for row in range(len(source))] == [Example(0, "a", ("b",)), Example(1, "c", ("d",))]
    assert source.location(1).endswith("pairs.jsonl, line 3")


def test_every_column_can_be_named(tmp_path: Path):
    record = {"q": "a", "docs": ["b", "c"], "bad": ["d"], "similarity": 3, "class": 7}
    source = JsonLines(written(tmp_path, json.dumps(record)), "q", "docs", "bad", "similarity", "class")
    assert source[0] == Example(0, "a", ("b", "c"), ("d",), 3.0, 7)


def test_without_a_positive_column_only_anchors_are_read(tmp_path: Path):
    assert JsonLines(written(tmp_path, GOOD), positive=None)[0] == Example(0, "a")


def test_the_fingerprint_depends_on_what_is_read(tmp_path: Path):
    path = written(tmp_path, '{"anchor": "a", "positive": "b", "negative": "c", "score": 1}')
    settings = ({}, {"negative": "negative"}, {"positive": "negative"}, {"positive": None}, {"score": "score"})
    assert len({JsonLines(path, **chosen).fingerprint for chosen in settings}) == 5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"anchor": "a", "positve": "b"}',
            r"no column 'positive'; there are anchor, positve\. Did you mean 'positve'\?",
        ),
        ("{}", r"no column 'anchor'; there are none"),
        ('{"anchor": null, "positive": "b"}', r"column 'anchor': found null; it should be a text"),
        ('{"anchor": "a", "positive": NaN}', r"column 'positive': found NaN; it should be a text"),
        ('{"anchor": "a", "positive": 3}', r"column 'positive': found 3; it should be a text"),
        ('{"anchor": " ", "positive": "b"}', r"column 'anchor': found an empty text"),
        ('{"anchor": "a", "positive": ""}', r"column 'positive': found an empty text"),
        ('{"anchor": "a", "positive": []}', r"column 'positive': found an empty list"),
        ('{"anchor": "a", "positive": ["b", ""]}', r"column 'positive', item 2: found an empty text"),
        ('{"anchor": "a", "positive": ["b", {"c": 1}]}', r"column 'positive', item 2: found \{\"c\": 1\}"),
        ('{"anchor": "\\ud800", "positive": "b"}', r"column 'anchor': found '\\ud800', half a surrogate pair"),
        ('{"anchor": "a"', r"not JSON"),
        ('["a", "b"]', r"starts an array, not an object\. .*: jq -c '{anchor: \.\[0\], positive: \.\[1\]}' OLD > NEW"),
        ('[{"anchor": "a"}]', r"starts an array, not an object\. .*: jq -c '\.\[\]' OLD > NEW"),
        ("[", r"starts an array"),
        ("3", r'found 3, not an object such as {"anchor"'),
        ('{"a": ' * 100_000, r"not JSON"),
    ],
)
def test_a_faulty_line_is_named_with_what_was_found(tmp_path: Path, line: str, message: str):
    with pytest.raises(DataError, match=r"pairs\.jsonl, line 3[:,].*" + message):
        JsonLines(written(tmp_path, GOOD, "", line))


@pytest.mark.parametrize("value", ['"high"', '""', '"nan"', "Infinity", "NaN", "null"])
def test_a_score_must_be_a_finite_number(tmp_path: Path, value: str):
    line = f'{{"anchor": "a", "positive": "b", "score": {value}}}'
    with pytest.raises(DataError, match=f"line 1, column 'score': found {value}; it should be a finite number"):
        JsonLines(written(tmp_path, line), score="score")


@pytest.mark.parametrize("names", ["xyx", ["\\ud83d", "\\ud83e", "\\ud83d"]])
def test_labels_may_be_names(tmp_path: Path, names: Sequence[str]):
    lines = [f'{{"anchor": "a{row}", "positive": "b", "label": "{name}"}}' for row, name in enumerate(names)]
    labels = [JsonLines(written(tmp_path, *lines), label="label")[row].label for row in range(3)]
    assert labels[0] == labels[2] != labels[1]
    assert all(-(2**63) <= label < 2**63 for label in labels)


@pytest.mark.parametrize("label", ["1.5", "null", '""', "NaN", "1e999"])
def test_a_label_must_be_a_whole_number_or_a_name(label: str, tmp_path: Path):
    found = "Infinity" if label == "1e999" else label
    with pytest.raises(DataError, match=rf"column 'label': found {found}; it should be a whole number or a name"):
        JsonLines(written(tmp_path, f'{{"anchor": "a", "positive": "b", "label": {label}}}'), label="label")


@pytest.mark.parametrize(
    ("score", "number"), [("2.5", 2.5), ('"2.5"', 2.5), ('" 25e-1 "', 2.5), ("true", 1.0), ("false", 0.0)]
)
def test_a_score_may_be_a_text_that_spells_a_number_or_yes_and_no(tmp_path: Path, score: str, number: float):
    found = JsonLines(written(tmp_path, f'{{"anchor": "a", "s": {score}}}'), positive=None, score="s")[0].score
    assert found == number
    assert type(found) is float


@pytest.mark.parametrize(("label", "number"), [("1.0", 1), ("true", 1), ("false", 0), ("-2e0", -2), ("3", 3)])
def test_a_label_may_be_any_whole_number_or_yes_and_no(tmp_path: Path, label: str, number: int):
    found = JsonLines(written(tmp_path, f'{{"anchor": "a", "k": {label}}}'), positive=None, label="k")[0].label
    assert found == number
    assert type(found) is int


def test_labels_beyond_64_bits_are_names(tmp_path: Path):
    lines = [f'{{"anchor": "a{row}", "k": {2**63 + row % 2}}}' for row in range(3)]
    source = JsonLines(written(tmp_path, *lines), positive=None, label="k")
    labels = [source[row].label for row in range(3)]
    assert labels[0] == labels[2] != labels[1]
    assert all(-(2**63) <= label < 2**63 for label in labels)
    largest = written(tmp_path, f'{{"anchor": "a", "k": {2**63 - 1}}}', f'{{"anchor": "a", "k": {-(2**63)}}}')
    source = JsonLines(largest, positive=None, label="k")
    assert [source[row].label for row in range(2)] == [2**63 - 1, -(2**63)]


def test_numbers_of_many_digits_are_named_with_their_line(tmp_path: Path):
    line = '{"anchor": "a", "s": %s}'
    with pytest.raises(DataError, match=r"line 1, column 's': found 1000.*; it should be a finite number"):
        JsonLines(written(tmp_path, line % ("1" + "0" * 400)), positive=None, score="s")
    with pytest.raises(DataError, match=r"line 1: not JSON \(Exceeds the limit"):
        JsonLines(written(tmp_path, line % ("1" * 5000)), positive=None, score="s")


def test_pairs_and_triplets_of_the_shared_data_read_as_they_are(shared_data: Path):
    pairs = JsonLines(str(shared_data / "pairs" / "mrpc-train.jsonl.gz"))
    triplets = JsonLines(str(shared_data / "nli" / "cad-dev-triplets.jsonl"), negative="negative")
    assert len(pairs) == 2296
    assert len(triplets) == 197
    assert all(len(triplets[row].negatives) == 1 for row in range(197))


def lines(folder: Path, *rows: object) -> str:
    (folder / "told.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / "told.jsonl")


def test_passages_are_read_with_their_titles(tmp_path: Path):
    row = {"anchor": "a", "positive": [{"docid": "1", "title": "T", "text": "x"}], "negative": {"text": "y"}}
    source = JsonLines(lines(tmp_path, row), negative="negative")
    assert (source[0].positives, source[0].negatives) == (("T x",), ("y",))


def test_a_number_and_a_text_that_spells_it_are_one_label(tmp_path: Path):
    path = lines(tmp_path, *({"anchor": "a", "label": label} for label in (1, "1", 1.0, "1.0", "01", "one")))
    source = JsonLines(path, positive=None, label="label")
    labels = [source[row].label for row in range(6)]
    assert labels[:4] == [1] * 4
    assert len(set(labels)) == 3


def test_what_is_left_out_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    said = "a text of words"
    rows = [
        {"anchor": "a", "positive": "nan", "negative": None, "hard_neg": said, "url": said, "n": 1},
        {"anchor": "b", "positive": "c", "negative": ["d"], "hard_neg": said, "url": said, "n": 1},
    ]
    path = lines(tmp_path, *rows)
    source = JsonLines(path, negative="negative")
    assert [source[row].negatives for row in range(2)] == [(), ("d",)]
    assert [message.removeprefix(f"{path}: ") for message in caplog.messages] == [
        "1 rows hold 'nan', 'None' or the like as a text; textcl clean drops them.",
        "1 of 2 rows have no negative, and train as pairs.",
        "'hard_neg' holds texts and is not read. Name them in the recipe (anchor, positive, negative), or drop them "
        "from the file.",
    ]


def test_a_list_that_is_spelled_as_a_text_is_refused(tmp_path: Path):
    passages = ("[{'text': 'a', 'score': nan}]", "[{'text': 'a'}\n {'text': 'b'}]", '{"title": null, "text": "a"}')
    for spelled in ("['a', 'b']", '["a"]', "['a' 'b']", "[]", *passages):
        with pytest.raises(DataError, match=r"a list that is written as one text. Write lists as JSONL"):
            JsonLines(lines(tmp_path, {"anchor": "a", "positive": spelled}))
    for text in ("[a], [b]", "[1]", '{"name": "a"}', "{a} is set", "[{'a': 1}]"):
        assert len(JsonLines(lines(tmp_path, {"anchor": "a", "positive": text}))) == 1
