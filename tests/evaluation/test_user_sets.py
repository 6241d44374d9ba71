"""Sets of a user's own, named on the command line, and what goes wrong with them."""

import gzip
import json
import re

import pytest

from textcl.errors import DataError
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.tasks.bitext import Bitext
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.tasks.reranking import Candidates, Reranking
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair


def _lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _graded(path, first="sentence1"):
    return _lines(path, {first: "a", "sentence2": "b", "score": 1}, {first: "c", "sentence2": "d", "score": 2})


def test_a_set_has_the_name_of_its_file(tmp_path, monkeypatch):
    _graded(tmp_path / "mine.v2.jsonl")
    monkeypatch.chdir(tmp_path)
    (task,) = load_tasks(["sts:mine.v2.jsonl"])
    assert isinstance(task, STS)
    assert task.name == "mine.v2"
    assert task.pairs == (GradedPair("a", "b", 1.0), GradedPair("c", "d", 2.0))


def test_the_name_of_a_gzipped_file_has_neither_ending(tmp_path):
    (tmp_path / "mine.csv.gz").write_bytes(gzip.compress(b"sentence1,sentence2,score\na,b,1\nc,d,2\n"))
    for spec in ("mine.csv", "mine.csv.gz"):
        assert load_tasks([f"sts:{tmp_path / spec}"])[0].name == "mine"


def test_a_column_of_texts_that_no_task_reads_is_named(tmp_path, caplog):
    row = {"sentence1": "what stands here", "sentence2": "what stands there", "score": 1, "genre": "news"}
    _lines(tmp_path / "s.jsonl", row, {**row, "score": 2, "notes": "what somebody noted here"})
    load_tasks([f"sts:{tmp_path}/s.jsonl"])
    assert caplog.messages == []
    _lines(tmp_path / "t.jsonl", *({**row, "score": score, "notes": "what somebody noted here"} for score in (1, 2)))
    load_tasks([f"sts:{tmp_path}/t.jsonl"])
    assert [message.removeprefix(f"{tmp_path}/").partition(". ")[0] for message in caplog.messages] == [
        "t.jsonl: 'notes' holds texts and is not read"
    ]


def test_the_home_folder_may_be_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    _graded(tmp_path / "mine.jsonl")
    assert load_tasks(["sts:~/mine.jsonl"])[0].name == "mine"


def test_each_kind_reads_its_columns(tmp_path):
    pairs = {"sentence1": "a", "sentence2": "b", "label": 1}
    _lines(tmp_path / "p.jsonl", pairs, {**pairs, "label": "0"}, {**pairs, "label": False})
    _lines(tmp_path / "r.jsonl", {"query": "q", "positive": ["a", "b"], "negative": "c"})
    _lines(tmp_path / "b.jsonl", {"sentence1": "a", "sentence2": "A"}, {"sentence1": "b", "sentence2": "B"})
    tasks = load_tasks([f"pairs:{tmp_path}/p.jsonl", f"reranking:{tmp_path}/r.jsonl", f"bitext:{tmp_path}/b.jsonl"])
    labelled, reranking, bitext = tasks
    assert isinstance(labelled, PairClassification)
    assert labelled.pairs == tuple(LabelledPair("a", "b", is_same) for is_same in (True, False, False))
    assert isinstance(reranking, Reranking)
    assert reranking.queries == (Candidates("q", ("a", "b"), ("c",)),)
    assert isinstance(bitext, Bitext)
    assert bitext.pairs == (("a", "A"), ("b", "B"))


@pytest.mark.parametrize("qrels", ["qrels.tsv", "qrels/test.tsv"])
def test_a_retrieval_set_lies_in_a_folder_as_beir_ships_it(tmp_path, qrels, monkeypatch):
    folder = tmp_path / "mine"
    _lines(folder / "corpus.jsonl", {"_id": "d1", "title": "Moon", "text": "round", "metadata": {}})
    _lines(folder / "queries.jsonl", {"_id": "q1", "text": "What is round?", "metadata": {}})
    (folder / qrels).parent.mkdir(exist_ok=True)
    (folder / f"{qrels}.gz").write_bytes(gzip.compress(b"query-id\tcorpus-id\tscore\nq1\td1\t1\n"))
    (task,) = load_tasks([f"retrieval:{folder}"])
    assert isinstance(task, Retrieval)
    assert (task.name, task.corpus, task.qrels) == ("mine", {"d1": "Moon round"}, {"q1": {"d1": 1}})
    monkeypatch.chdir(folder)
    assert load_tasks(["retrieval:."])[0].name == "mine"


def test_columns_of_other_names_are_named(tmp_path):
    _graded(tmp_path / "mine.jsonl", first="question")
    (task,) = load_tasks([f"sts:{tmp_path}/mine.jsonl"], columns={"first": "question"})
    assert task.pairs[0].first == "a"


def test_a_subset_may_be_a_number_or_null(tmp_path):
    rows = [
        {"sentence1": "a", "sentence2": "b", "score": score, "subset": part} for score, part in enumerate((0, 1, None))
    ]
    (task,) = load_tasks([f"sts:{_lines(tmp_path / 'mine.jsonl', *rows)}"])
    assert [pair.subset for pair in task.pairs] == ["0", "1", ""]


def test_a_column_that_is_missing_is_answered_with_those_there_and_the_option(tmp_path):
    _graded(tmp_path / "mine.jsonl", first="question")
    there = r"mine\.jsonl, line 1: no column '{}'; there are question, sentence2, score\. .*Name .* --first-column\."
    with pytest.raises(DataError, match=there.format("sentence1")):
        load_tasks([f"sts:{tmp_path}/mine.jsonl"], columns={})
    with pytest.raises(DataError, match=there.format("qestion")):
        load_tasks([f"sts:{tmp_path}/mine.jsonl"], columns={"first": "qestion"})


def test_where_no_option_names_columns_a_suite_that_does_is_shown(tmp_path):
    _graded(tmp_path / "mine.jsonl", first="question")
    with pytest.raises(DataError, match=r"no column 'sentence1'.* name it in a suite: tasks: (\[.*\])\.") as error:
        load_tasks([f"sts:{tmp_path}/mine.jsonl"])
    entries = re.search(r"tasks: .*\]", str(error.value))[0].replace("NAME", "question")
    (tmp_path / "mine.yaml").write_text(f"description: mine\n{entries}\n", encoding="utf-8")
    (task,) = load_tasks([str(tmp_path / "mine.yaml")], tmp_path)
    assert task.pairs[0].first == "a"


def test_an_option_that_nothing_reads_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"--text-column is for users' sets.* A suite names its columns"):
        load_tasks(["sts-smoke"], columns={"text": "x"})
    with pytest.raises(DataError, match=r"They take --first-column, --second-column\."):
        load_tasks(["bitext:x.jsonl"], columns={"score": "x"})


def test_an_option_reaches_the_sets_that_read_it(tmp_path):
    _graded(tmp_path / "graded.jsonl")
    _lines(tmp_path / "p.jsonl", *({"sentence1": "a", "sentence2": "b", "same": label} for label in (0, 1)))
    specs = [f"sts:{tmp_path}/graded.jsonl", f"pairs:{tmp_path}/p.jsonl"]
    assert [task.name for task in load_tasks(specs, columns={"label": "same"})] == ["graded", "p"]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"sentence1": " ", "sentence2": "b", "label": 1}, "line 2, column 'sentence1': found an empty text"),
        (
            {"sentence1": "a", "sentence2": "b", "label": 2},
            "line 2, column 'label': found 2; it must be 1 for yes or 0 for no",
        ),
        (
            {"sentence1": "a", "sentence2": "b", "label": "same"},
            "line 2, column 'label': found \"same\"; it should be a finite number",
        ),
        ({"sentence1": "a", "sentence2": "b"}, "line 2: no column 'label'.*--label-column"),
    ],
)
def test_a_faulty_row_is_named_by_file_and_line(tmp_path, row, error):
    _lines(tmp_path / "p.jsonl", {"sentence1": "a", "sentence2": "b", "label": 0}, row)
    with pytest.raises(DataError, match=rf"p\.jsonl, {error}"):
        load_tasks([f"pairs:{tmp_path}/p.jsonl"], columns={})


@pytest.mark.parametrize("texts", [[""], ["a", 1], None, 5])
def test_candidates_are_a_list_of_texts(tmp_path, texts):
    _lines(tmp_path / "r.jsonl", {"query": "q", "positive": ["a"], "negative": texts})
    with pytest.raises(DataError, match=r"line 1, column 'negative'.*: found .* text"):
        load_tasks([f"reranking:{tmp_path}/r.jsonl"])


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("pears:mine.jsonl", r"there is no kind of task 'pears'\. Did you mean 'pairs'\?.* as in sts:FILE"),
        (r"C:\sets\mine.jsonl", r"no kind of task 'C'\..* as in sts:C:"),
        ("mine.jsonl", r"There is no suite 'mine\.jsonl'.*a user's set with its kind: sts:FILE"),
        ("C:/sets/mine.yaml", r"There is no suite file C:/sets/mine\.yaml"),
        ("sts:", "sts: is not complete; write sts:FILE"),
        ("sts:nowhere/mine.jsonl", r"mine\.jsonl: no such file; its folder .* does not exist"),
        ("retrieval:nowhere", r"There is no folder .*nowhere\. A retrieval set is a folder with corpus\.jsonl"),
    ],
)
def test_a_name_that_means_nothing_is_answered_with_the_way_out(spec, error):
    with pytest.raises(DataError, match=error):
        load_tasks([spec])


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="is a folder; name a file in it"):
        load_tasks([f"sts:{tmp_path}"])


def test_two_sets_of_one_name_are_refused(tmp_path):
    first, second = (_graded(tmp_path / folder / "mine.jsonl") for folder in "ab")
    with pytest.raises(DataError, match=r"b/mine\.jsonl and sts:.*a/mine\.jsonl are both named 'mine'.* Rename one"):
        load_tasks([f"sts:{first}", f"sts:{second}"])
    clash = _graded(tmp_path / "sts-smoke.jsonl")
    for names in ([f"sts:{clash}", "sts-smoke"], ["sts-smoke", f"sts:{clash}"]):
        with pytest.raises(DataError, match="both named 'sts-smoke'"):
            load_tasks(names)


def test_a_suite_may_have_the_name_of_a_kind(tmp_path):
    for location in ("quora-test.jsonl", "mrpc-test.jsonl"):
        rows = ({"sentence1": "a", "sentence2": "b", "label": label} for label in (0, 1))
        _lines(tmp_path / "pairs-labelled" / location, *rows)
    assert [task.name for task in load_tasks(["pairs"], tmp_path)] == ["quora-pairs", "mrpc-test"]


def test_a_task_that_stands_in_two_suites_is_loaded_once():
    assert [task.name for task in load_tasks(["sts-smoke", "sts-smoke"])] == ["sts-smoke"]
