"""Suites: the bundled ones, local files, the Hub's data sets (a stand-in for them), and what goes wrong."""

import gzip
import json
from types import SimpleNamespace

import pytest

from textcl.errors import DataError
from textcl.evaluation.suites import load_suite, load_tasks, read_suite
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair, ends_digest
from textcl.util import installed as shelf

PAIRS = [
    {"sentence1": "One.", "sentence2": "Two.", "score": 1.5},
    {"sentence1": "Three.", "sentence2": "Four.", "score": 4},
]
SHA = "0" * 40


def _write(path, rows, opened=open):
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path, "wt", encoding="utf-8") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in rows)


def _suite(tmp_path, *lines):
    path = tmp_path / "mine.yaml"
    path.write_text("description: A test.\ntasks:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return str(path)


def _scifact(folder):
    _write(folder / "corpus.jsonl", [{"_id": "7", "title": "Moon", "text": "It is round. "}, {"_id": "8", "text": ""}])
    _write(folder / "queries.jsonl", [{"_id": "1", "text": "What is round?"}])
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\t7\t2\n", encoding="utf-8")


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for `datasets.load_dataset`: `sets` is what it holds, `request` what it was asked."""
    fake = SimpleNamespace(sets={}, request=[])

    def load_dataset(path, name=None, *, revision, split):
        fake.request.append((path, name, revision, split))
        if path not in fake.sets:
            raise ConnectionError(f"Couldn't reach '{path}' on the Hub")
        return fake.sets[path] if name is None else fake.sets[path][name]

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    return fake


@pytest.mark.parametrize("name", shelf.names(shelf.suites_folder()))
def test_every_bundled_suite_keeps_to_the_schema(name):
    suite = read_suite(shelf.suites_folder() / f"{name}.yaml")
    assert len({entry.name for entry in suite.tasks}) == len(suite.tasks)


def test_the_bundled_suites_hold_the_tasks_that_reports_name():
    names = {
        suite: [entry.name for entry in read_suite(shelf.suites_folder() / f"{suite}.yaml").tasks]
        for suite in shelf.names(shelf.suites_folder())
    }
    nano = "arguana climatefever dbpedia fever fiqa2018 hotpotqa msmarco nfcorpus nq quora scidocs scifact touche2020"
    assert names == {
        "classification": ["banking77", "trec"],
        "clustering": ["stackoverflow-titles", "searchsnippets"],
        "geometry": ["stsb-geometry"],
        "pairs": ["quora-pairs", "mrpc-test"],
        "classic": ["cranfield", "cisi", "medline", "npl", "adi"],
        "nano": [f"nano-{name}" for name in nano.split()],
        "qa": ["wikiqa-test"],
        "scifact": ["scifact"],
        "sts": ["sts12", "sts13", "sts14", "sts15", "sts16", "stsb-test", "sickr-test"],
        "sts-dev": ["stsb-dev"],
        "sts-smoke": ["sts-smoke"],
        "tatoeba": [f"tatoeba-en-{language}" for language in ("de", "es", "fr", "ru", "zh")],
    }


def test_the_smoke_set_holds_thirty_pairs_of_every_grade_and_needs_no_data():
    (task,) = load_suite("sts-smoke")
    grades = [min(4, int(pair.score)) for pair in task.pairs]
    assert [grades.count(grade) for grade in range(5)] == [30] * 5
    assert all(0 <= pair.score <= 5 for pair in task.pairs)
    assert len({text for pair in task.pairs for text in (pair.first, pair.second)}) == 300


@pytest.mark.parametrize(("ending", "opened"), [("", open), (".gz", gzip.open)])
def test_local_pairs_are_read_plain_or_gzipped(tmp_path, ending, opened):
    _write(tmp_path / "data" / "sts" / f"stsb-dev.jsonl{ending}", PAIRS, opened)
    (task,) = load_suite("sts-dev", tmp_path / "data")
    assert isinstance(task, STS)
    assert task.pairs == (GradedPair("One.", "Two.", 1.5), GradedPair("Three.", "Four.", 4.0))


def test_a_local_retrieval_set_joins_title_and_text(tmp_path):
    _scifact(tmp_path / "retrieval" / "scifact")
    (task,) = load_suite("scifact", tmp_path)
    assert isinstance(task, Retrieval)
    assert task.corpus == {"7": "Moon It is round.", "8": ""}
    assert task.queries == {"1": "What is round?"}
    assert task.qrels == {"1": {"7": 2}}
    assert not task.drops_self


def test_without_a_data_folder_pairs_come_from_the_hub_at_the_pinned_revision(hub):
    hub.sets["mteb/stsbenchmark-sts"] = PAIRS
    (task,) = load_suite("sts-dev")
    assert task.pairs[1] == GradedPair("Three.", "Four.", 4.0)
    assert hub.request == [("mteb/stsbenchmark-sts", None, "b0fddb56ed78048fa8b90373c8a3cfc37b684831", "validation")]


def test_a_retrieval_set_on_the_hub_is_read_from_its_three_configs(hub):
    hub.sets["mteb/scifact"] = {
        "corpus": [{"_id": "7", "title": "", "text": "Moon"}],
        "queries": [{"_id": "1", "text": "What?"}],
        "default": [{"query-id": 1, "corpus-id": 7, "score": 1.0}],
    }
    (task,) = load_suite("scifact")
    assert task.qrels == {"1": {"7": 1}}
    assert sorted((name, split) for _, name, _, split in hub.request) == [
        ("corpus", "corpus"),
        ("default", "test"),
        ("queries", "queries"),
    ]


def test_the_nano_sets_are_read_from_one_split_of_three_configs(hub):
    parts = {
        "corpus": [{"_id": "d", "title": "", "text": "Moon"}, {"_id": "e", "title": "", "text": "Sun"}],
        "queries": [{"_id": "q", "text": "What?"}, {"_id": "d", "text": "And?"}],
        "qrels": [{"query-id": "q", "corpus-id": "d", "score": 1}],
    }
    entries = read_suite(shelf.suites_folder() / "nano.yaml").tasks
    hub.sets |= {entry.hub.id: parts for entry in entries}
    *tasks, average = load_suite("nano")
    assert len(tasks) == 13
    assert all(task.qrels == {"q": {"d": 1}} and task.drops_self is False for task in tasks)
    assert (average.name, average.metric, list(average.members)) == ("nano-average", "ndcg@10", tasks)
    request = [(entry.hub.id, part, entry.hub.revision, "train") for entry in entries for part in parts]
    assert sorted(hub.request) == sorted(request)


def test_the_classic_sets_are_local_only(hub):
    with pytest.raises(DataError, match=r"cranfield: the suite names no data set on the Hub; .*--data-dir"):
        load_suite("classic")


def test_a_suite_may_average_a_metric_over_its_tasks(tmp_path):
    for name in ("one", "two"):
        _write(tmp_path / f"{name}.jsonl", PAIRS)
    path = _suite(tmp_path, *(f"{{kind: sts, name: {name}, local: {name}.jsonl}}" for name in ("one", "two")))
    with (tmp_path / "mine.yaml").open("a", encoding="utf-8") as suite:
        suite.write("average: pearson\n")
    *tasks, average = load_suite(path, tmp_path)
    assert (average.name, average.metric, list(average.members)) == ("mine-average", "pearson", tasks)


def test_pairs_of_one_score_are_refused_for_nothing_correlates_with_them(tmp_path):
    _write(tmp_path / "one.jsonl", [{**row, "score": 3} for row in PAIRS])
    path = _suite(tmp_path, "{kind: sts, name: own, local: one.jsonl}")
    with pytest.raises(DataError, match="own: all 2 pairs have one score"):
        load_suite(path, tmp_path)


def test_two_tasks_of_one_name_and_other_data_are_refused_for_a_report_would_hold_one(tmp_path):
    _write(tmp_path / "one.jsonl", PAIRS)
    _write(tmp_path / "two.jsonl", PAIRS * 2)
    path = _suite(tmp_path, *(f"{{kind: sts, name: own, local: {name}.jsonl}}" for name in ("one", "two")))
    with pytest.raises(DataError, match=r"mine\.yaml: two tasks of other data are named 'own'"):
        load_tasks([str(path)], tmp_path)


def test_the_cut_offs_and_the_self_match_rule_are_those_of_the_entry(tmp_path):
    _scifact(tmp_path / "set")
    (task,) = load_suite(_suite(tmp_path, "{kind: retrieval, name: mine, local: set}"), tmp_path)
    assert (task.ks, task.drops_self) == ((1, 3, 5, 10, 100), False)
    entry = "{kind: retrieval, name: mine, local: set, ks: [2, 1000], drops_self: true}"
    (task,) = load_suite(_suite(tmp_path, entry), tmp_path)
    assert (task.ks, task.drops_self) == ((2, 1000), True)
    with pytest.raises(DataError, match=r"tasks\.0\.ks\.1: .*greater than or equal to 1"):
        load_suite(_suite(tmp_path, "{kind: retrieval, name: mine, local: set, ks: [1, 0]}"), tmp_path)


def test_the_subset_of_a_pair_is_read_where_there_is_one(tmp_path):
    _write(tmp_path / "sts" / "stsb-dev.jsonl", [{**PAIRS[0], "subset": "news"}, {**PAIRS[1], "subset": "forum"}])
    (task,) = load_suite("sts-dev", tmp_path)
    assert [pair.subset for pair in task.pairs] == ["news", "forum"]


def test_a_hub_that_can_not_be_reached_points_to_local_files(hub):
    with pytest.raises(DataError, match=r"mteb/scifact .* cannot be loaded from the Hub.*--data-dir"):
        load_suite("scifact")


def test_other_columns_can_be_named(hub, tmp_path):
    hub.sets["me/pairs"] = [{"a": "x", "b": "y", "grade": "3"}, {"a": "x", "b": "z", "grade": 1}]
    entry = (
        f"{{kind: sts, name: mine, hub: {{id: me/pairs, revision: '{SHA}', split: all}}, "
        "columns: {first: a, second: b, score: grade}}"
    )
    (task,) = load_suite(_suite(tmp_path, entry))
    assert task.pairs == (GradedPair("x", "y", 3.0), GradedPair("x", "z", 1.0))


def test_pairs_whose_ends_are_not_those_of_the_set_are_refused(tmp_path):
    _write(tmp_path / "pairs.jsonl", PAIRS)
    digest = ends_digest([GradedPair(row["sentence1"].upper(), row["sentence2"], 0.0) for row in PAIRS])
    entry = "{{kind: sts, name: mine, local: pairs.jsonl, ends: '{}'}}"
    assert load_suite(_suite(tmp_path, entry.format(digest)), tmp_path)
    with pytest.raises(DataError, match="mine: the 2 pairs read are not the set"):
        load_suite(_suite(tmp_path, entry.format("0" * 16)), tmp_path)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"sentence1": "x", "sentence2": "y", "score": float("nan")}, "line 3, column 'score': found NaN"),
        ({"sentence1": "x", "sentence2": "y", "score": None}, "line 3, column 'score': found null"),
        ({"sentence1": "x", "sentence2": "y", "score": "high"}, "line 3, column 'score': found \"high\""),
        ({"sentence1": "x", "sentence2": " ", "score": 1}, "line 3, column 'sentence2': found an empty text"),
        ({"sentence1": "x", "score": 1}, "line 3: no column 'sentence2'; there are sentence1, score"),
        (["x", "y", 1], r"line 3: starts an array, not an object"),
    ],
)
def test_a_faulty_pair_is_named_by_file_and_line(tmp_path, row, error):
    _write(tmp_path / "sts" / "stsb-dev.jsonl", [*PAIRS, row])
    with pytest.raises(DataError, match=rf"stsb-dev\.jsonl, {error}"):
        load_suite("sts-dev", tmp_path)


def test_a_line_that_is_not_json_is_named(tmp_path):
    (tmp_path / "sts").mkdir()
    (tmp_path / "sts" / "stsb-dev.jsonl").write_text('{"sentence1": \n', encoding="utf-8")
    with pytest.raises(DataError, match="line 1: not JSON"):
        load_suite("sts-dev", tmp_path)


def test_a_missing_file_is_named_with_what_its_folder_holds(tmp_path):
    with pytest.raises(DataError, match=r"stsb-dev\.jsonl: no such file; its folder .*sts does not exist"):
        load_suite("sts-dev", tmp_path)
    _write(tmp_path / "sts" / "stsb-def.jsonl", PAIRS)
    with pytest.raises(DataError, match=r"no such file in .*\. Did you mean 'stsb-def\.jsonl'\?"):
        load_suite("sts-dev", tmp_path)


@pytest.mark.parametrize(
    ("file", "line", "error"),
    [
        ("corpus.jsonl", '{"_id": "7", "text": "again"}\n', r"corpus\.jsonl, line 3: the id '7'"),
        ("corpus.jsonl", '{"_id": "9", "contents": "x"}\n', r"corpus\.jsonl, line 3: no column 'text'"),
        ("queries.jsonl", '{"_id": "2"}\n', r"queries\.jsonl, line 2: no column 'text'"),
        ("qrels.tsv", "1\t8\t0.5\n", r"qrels\.tsv, line 3, column 'score': found 0\.5"),
        (
            "qrels.tsv",
            "1\t7\t1\n",
            r"qrels\.tsv, line 3: query '1' and document '7' have grade 1 here and 2 further up",
        ),
        ("qrels.tsv", "3\t8\t1\n", "'3' is judged but is not among the 1 queries"),
    ],
)
def test_a_faulty_retrieval_set_is_named_by_file_and_line(tmp_path, file, line, error):
    folder = tmp_path / "retrieval" / "scifact"
    _scifact(folder)
    with (folder / file).open("a", encoding="utf-8") as handle:
        handle.write(line)
    with pytest.raises(DataError, match=error):
        load_suite("scifact", tmp_path)


def test_a_query_without_text_is_refused_where_it_is_judged(tmp_path):
    folder = tmp_path / "retrieval" / "scifact"
    _scifact(folder)
    with (folder / "queries.jsonl").open("a", encoding="utf-8") as handle:
        handle.write('{"_id": "2", "text": ""}\n')
    load_suite("scifact", tmp_path)
    with (folder / "qrels.tsv").open("a", encoding="utf-8") as handle:
        handle.write("2\t8\t1\n")
    with pytest.raises(DataError, match=r"query '2': found an empty text"):
        load_suite("scifact", tmp_path)


def test_an_unknown_suite_is_answered_with_a_suggestion():
    with pytest.raises(DataError, match=r"no suite 'sts-smok'\. Did you mean 'sts-smoke'\?"):
        load_suite("sts-smok")
    with pytest.raises(DataError, match=r"no suite file nowhere\.yaml"):
        load_suite("nowhere.yaml")


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ("{kind: sts, name: mine, lokal: x}", r"tasks\.0\.lokal"),
        (
            "{kind: stss, name: mine}",
            r"tasks\.0\.kind: there is no kind of task 'stss'\. Did you mean 'sts'\? The kinds are sts",
        ),
        ("{kind: sts, name: mine, hub: {id: x/y, revision: main, split: test}}", r"hub\.revision"),
        ("{kind: sts", "the YAML cannot be read"),
    ],
)
def test_an_error_in_a_suite_names_its_location(tmp_path, entry, error):
    with pytest.raises(DataError, match=error):
        load_suite(_suite(tmp_path, entry))


def test_a_task_without_data_for_the_way_chosen_says_which_way_to_choose(tmp_path):
    with pytest.raises(DataError, match="mine: the suite names no data set on the Hub"):
        load_suite(_suite(tmp_path, "{kind: sts, name: mine, local: x.jsonl}"))
    entry = f"{{kind: retrieval, name: mine, hub: {{id: x/y, revision: '{SHA}', split: test}}}}"
    with pytest.raises(DataError, match="mine: the suite names no local file"):
        load_suite(_suite(tmp_path, entry), tmp_path)


def test_a_column_that_is_missing_points_to_the_columns_of_the_suite(tmp_path):
    _write(tmp_path / "pairs.jsonl", [{"a": "x", "b": "y", "score": 1}])
    with pytest.raises(
        DataError, match=r"no column 'sentence1'; there are a, b, score\. `columns` of the task 'mine' in"
    ):
        load_suite(_suite(tmp_path, "{kind: sts, name: mine, local: pairs.jsonl}"), tmp_path)


@pytest.mark.parametrize("suite", ["pairs", "tatoeba"])
def test_the_local_sets_of_a_suite_are_read(suite, shared_data):
    assert all(len(task.pairs) >= 1000 for task in load_suite(suite, shared_data))
