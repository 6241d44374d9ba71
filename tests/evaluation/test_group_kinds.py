"""Clustering, classification and geometry in a suite: how their rows are read, and what goes wrong."""

import json

import pytest

from textcl.errors import DataError
from textcl.evaluation.kind import LabelledText
from textcl.evaluation.suites import load_suite
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.clustering import Clustering
from textcl.evaluation.tasks.geometry import Geometry

TRAIN = [{"text": f"train {number}", "label": number % 2} for number in range(6)]
TEST = [{"text": "test 0", "label": 0}, {"text": "test 1", "label": 1}]


def _write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _task(folder, entry):
    (folder / "mine.yaml").write_text(f"description: A test.\ntasks:\n  - {entry}\n", encoding="utf-8")
    (task,) = load_suite(str(folder / "mine.yaml"), folder)
    return task


def test_labels_are_texts_or_whole_numbers_in_columns_that_can_be_named(tmp_path):
    _write(tmp_path / "rows.jsonl", [{"t": f"text {n}", "l": "x"} for n in range(4)] + [{"t": "a", "l": 7}] * 4)
    task = _task(tmp_path, "{kind: clustering, name: mine, local: rows.jsonl, columns: {text: t, label: l}}")
    assert isinstance(task, Clustering)
    assert task.labels == ["7", "x"]
    assert task.rows[0] == LabelledText("text 0", "x")


def test_training_and_test_rows_come_from_two_locations(tmp_path):
    _write(tmp_path / "train.jsonl", TRAIN)
    _write(tmp_path / "test.jsonl", TEST)
    task = _task(tmp_path, "{kind: classification, name: mine, train: train.jsonl, test: {local: test.jsonl}}")
    assert isinstance(task, Classification)
    assert (len(task.train), len(task.test)) == (6, 2)


def test_a_text_of_both_is_an_error_or_is_left_out_of_training_where_the_suite_says_so(tmp_path):
    _write(tmp_path / "train.jsonl", [*TRAIN, *TEST])
    _write(tmp_path / "test.jsonl", TEST)
    entry = "kind: classification, name: mine, train: train.jsonl, test: test.jsonl"
    with pytest.raises(DataError, match="mine: 2 of 2 test rows stand in the training rows too"):
        _task(tmp_path, f"{{{entry}}}")
    task = _task(tmp_path, f"{{{entry}, drops_shared: true}}")
    assert (len(task.train), len(task.test)) == (6, 2)


def test_the_part_that_has_no_location_is_named(tmp_path):
    _write(tmp_path / "train.jsonl", TRAIN)
    with pytest.raises(DataError, match=r"mine \(test\): the suite names no local file"):
        _task(tmp_path, "{kind: classification, name: mine, train: train.jsonl, test: {}}")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"text": "x", "label": None}, r"line 7, column 'label': found null"),
        ({"text": "x", "label": 0.5}, r"line 7, column 'label': found 0\.5"),
        ({"text": " ", "label": 1}, r"line 7, column 'text': found an empty text"),
        ({"text": "x", "class": 1}, r"line 7: no column 'label'; there are text, class"),
    ],
)
def test_a_faulty_row_is_named_by_file_and_line(tmp_path, row, error):
    _write(tmp_path / "rows.jsonl", [*TRAIN, row])
    with pytest.raises(DataError, match=rf"rows\.jsonl, {error}"):
        _task(tmp_path, "{kind: clustering, name: mine, local: rows.jsonl}")


def test_geometry_reads_pairs_and_lone_texts(tmp_path):
    rows = [{"anchor": f"a{n}", "positive": f"p{n}"} for n in range(8)] + [{"text": f"t{n}"} for n in range(8)]
    _write(tmp_path / "rows.jsonl", rows)
    task = _task(tmp_path, "{kind: geometry, name: mine, local: rows.jsonl}")
    assert isinstance(task, Geometry)
    assert task.pairs == [(f"a{n}", f"p{n}") for n in range(8)]
    assert task.texts == [f"a{n}" for n in range(8)] + [f"t{n}" for n in range(8)]


def test_of_graded_pairs_those_from_a_score_on_are_positive_and_all_sides_are_texts(tmp_path):
    rows = [{"sentence1": f"a{n}", "sentence2": f"b{n}", "score": n} for n in range(6)]
    _write(tmp_path / "rows.jsonl", rows)
    columns = "columns: {first: sentence1, second: sentence2}"
    task = _task(tmp_path, f"{{kind: geometry, name: mine, local: rows.jsonl, {columns}, graded: {{least: 4}}}}")
    assert task.pairs == [("a4", "b4"), ("a5", "b5")]
    assert sorted(task.texts) == sorted([f"{side}{n}" for side in "ab" for n in range(6)])
