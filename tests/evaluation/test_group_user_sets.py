"""User's sets of labelled texts and of texts, named on the command line without a suite."""

import json

import pytest

from textcl.errors import DataError
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.clustering import Clustering
from textcl.evaluation.tasks.geometry import Geometry


def _write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _labelled(path, texts, **names):
    text, label = names.get("text", "text"), names.get("label", "label")
    return _write(path, [{text: f"{path.stem} {n}", label: "ab"[n % 2]} for n in range(texts)])


def test_a_file_of_labelled_texts_is_clustered(tmp_path):
    (task,) = load_tasks([f"clustering:{_labelled(tmp_path / 'tickets.jsonl', 8)}"])
    assert isinstance(task, Clustering)
    assert (task.name, task.labels, len(task.rows)) == ("tickets", ["a", "b"], 8)


def test_two_files_are_classified_under_the_name_of_the_second(tmp_path):
    train, test = _labelled(tmp_path / "train.jsonl", 8), _labelled(tmp_path / "test.jsonl", 4)
    (task,) = load_tasks([f"classification:{train},{test}"])
    assert isinstance(task, Classification)
    assert (task.name, len(task.train), len(task.test)) == ("test", 8, 4)


def test_columns_of_other_names_are_named(tmp_path):
    path = _labelled(tmp_path / "rows.jsonl", 8, text="body", label="queue")
    with pytest.raises(DataError, match=r"no column 'text'; there are body, queue.*--text-column"):
        load_tasks([f"clustering:{path}"], columns={})
    (task,) = load_tasks([f"clustering:{path}"], None, {"text": "body", "label": "queue"})
    assert task.rows[0].text == "rows 0"


def test_texts_or_pairs_have_a_geometry(tmp_path):
    texts = _write(tmp_path / "texts.jsonl", [{"text": f"text {n}"} for n in range(20)])
    pairs = _write(tmp_path / "pairs.jsonl", [{"anchor": f"a {n}", "positive": f"b {n}"} for n in range(20)])
    alone, paired = load_tasks([f"geometry:{texts}", f"geometry:{pairs}"])
    assert isinstance(alone, Geometry)
    assert (len(alone.texts), len(alone.pairs)) == (20, 0)
    assert (len(paired.texts), len(paired.pairs)) == (20, 20)


def test_one_file_where_two_are_wanted_and_files_that_share_texts_are_refused(tmp_path):
    path = _labelled(tmp_path / "rows.jsonl", 8)
    with pytest.raises(DataError, match=r"names 1 of the 2 files that it takes; write classification:TRAIN,TEST"):
        load_tasks([f"classification:{path}"])
    with pytest.raises(DataError, match="rows: 8 of 8 test rows stand in the training rows too"):
        load_tasks([f"classification:{path},{path}"])


def test_a_file_with_neither_texts_nor_pairs_is_refused_with_the_options_that_name_them(tmp_path):
    path = _labelled(tmp_path / "rows.jsonl", 8, text="body")
    with pytest.raises(DataError, match=r"no column 'text' for a text, nor 'anchor' .* body, label\. .*--text-column"):
        load_tasks([f"geometry:{path}"], columns={})
