"""The retrieval task: which texts it embeds, what it leaves out, and whom it averages over."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.types.text import Role

VECTORS = {"east": [1, 0], "north": [0, 1], "mostly east": [2, 1], "west": [-1, 0]}
CORPUS = {"d1": "east", "d2": "north", "d3": "mostly east"}


def _score(task, model=None):
    sample = task.run(model or Table(VECTORS))
    return {name: float(value[0]) for name, value in sample.metrics(np.ones((1, sample.size))).items()}


def test_metrics_of_one_query_by_hand():
    scores = _score(Retrieval("t", CORPUS, {"q": "east"}, {"q": {"d3": 1}}, drops_self=False))
    assert scores["mrr@10"] == scores["map@100"] == pytest.approx(1 / 2)
    assert scores["ndcg@10"] == pytest.approx(1 / np.log2(3))
    assert scores["recall@100"] == scores["recall@10"] == 1
    assert scores["precision@10"] == pytest.approx(1 / 10)


def test_queries_are_embedded_as_anchors_and_documents_as_positives():
    model = Table(VECTORS)
    queries = {"q": "east", "not judged": "west", "nothing relevant": "north"}
    Retrieval("t", CORPUS, queries, {"q": {"d1": 1}, "nothing relevant": {"d1": 0}}, drops_self=False).run(model)
    assert model.calls == [(["east", "north", "mostly east"], Role.POSITIVE), (["east"], Role.ANCHOR)]


def test_the_self_match_is_dropped_only_where_the_task_says_so():
    qrels = {"d1": {"d3": 1}}
    assert _score(Retrieval("t", CORPUS, {"d1": "east"}, qrels, drops_self=False))["mrr@10"] == pytest.approx(1 / 2)
    assert _score(Retrieval("t", CORPUS, {"d1": "east"}, qrels, drops_self=True))["mrr@10"] == 1


def test_one_more_document_is_retrieved_before_the_self_match_is_dropped():
    # 100 documents lie nearer than the relevant one, and one of them is the query itself.
    angles = np.linspace(0, 1, 101)
    vectors = {f"text {i}": [np.cos(angle), np.sin(angle)] for i, angle in enumerate(angles)}
    corpus = {f"d{i}": f"text {i}" for i in range(101)}
    task = Retrieval("t", corpus, {"d0": "text 0"}, {"d0": {"d100": 1}}, drops_self=True)
    assert _score(task, Table(vectors))["recall@100"] == 1
    kept = Retrieval("t", corpus, {"d0": "text 0"}, {"d0": {"d100": 1}}, drops_self=False)
    assert _score(kept, Table(vectors))["recall@100"] == 0


def test_a_query_that_retrieves_nothing_counts_zero():
    corpus, queries = {"d1": "east"}, {"d1": "east", "q": "north"}
    scores = _score(Retrieval("t", corpus, queries, {"d1": {"d1": 1}, "q": {"d1": 1}}, drops_self=True))
    assert scores["recall@100"] == scores["mrr@10"] == 1 / 2


def test_precision_divides_by_k_however_few_documents_there_are():
    scores = _score(Retrieval("t", {"d1": "east"}, {"q": "east"}, {"q": {"d1": 1}}, drops_self=False))
    assert [scores[f"precision@{k}"] for k in (1, 5, 100)] == pytest.approx([1, 1 / 5, 1 / 100])
    assert scores["ndcg@100"] == scores["map@5"] == scores["hit_rate@3"] == 1


def test_a_relevant_document_that_the_corpus_lacks_lowers_recall():
    scores = _score(Retrieval("t", CORPUS, {"q": "east"}, {"q": {"d1": 1, "gone": 1}}, drops_self=False))
    assert scores["recall@100"] == 1 / 2


def test_the_reciprocal_rank_is_cut_after_the_tenth_document():
    angles = np.linspace(0, 1, 11)
    vectors = {f"text {i}": [np.cos(angle), np.sin(angle)] for i, angle in enumerate(angles)}
    corpus = {f"d{i}": f"text {i}" for i in range(11)}
    tenth = Retrieval("t", corpus, {"q": "text 0"}, {"q": {"d9": 1}}, drops_self=False)
    eleventh = Retrieval("t", corpus, {"q": "text 0"}, {"q": {"d10": 1}}, drops_self=False)
    assert _score(tenth, Table(vectors))["mrr@10"] == pytest.approx(1 / 10)
    assert _score(eleventh, Table(vectors))["mrr@10"] == 0
    assert _score(eleventh, Table(vectors))["map@100"] == pytest.approx(1 / 11)


def test_the_cut_offs_can_be_chosen_and_the_search_goes_as_deep_as_the_largest():
    angles = np.linspace(0, 1, 150)
    vectors = {f"text {i}": [np.cos(angle), np.sin(angle)] for i, angle in enumerate(angles)}
    corpus = {f"d{i}": f"text {i}" for i in range(150)}
    task = Retrieval("t", corpus, {"q": "text 0"}, {"q": {"d119": 1}}, drops_self=False, ks=(7, 120))
    scores = _score(task, Table(vectors))
    assert list(scores) == [
        f"{m}@{k}" for m in ("ndcg", "map", "mrr", "recall", "precision", "hit_rate") for k in (7, 120)
    ]
    assert scores["recall@120"] == scores["hit_rate@120"] == 1
    assert scores["mrr@120"] == pytest.approx(1 / 120)
    assert scores["recall@7"] == scores["mrr@7"] == 0
    with pytest.raises(ValueError, match="ks is"):
        Retrieval("t", corpus, {"q": "text 0"}, {"q": {"d119": 1}}, drops_self=False, ks=(0, 10))


def test_a_document_with_a_grade_below_zero_is_not_relevant_and_costs_nothing():
    judged = _score(Retrieval("t", CORPUS, {"q": "east"}, {"q": {"d1": -2, "d3": 1}}, drops_self=False))
    plain = _score(Retrieval("t", CORPUS, {"q": "east"}, {"q": {"d3": 1}}, drops_self=False))
    assert judged == plain


def test_what_a_task_is_made_of_is_not_changed_by_running_it():
    corpus, queries, qrels = (
        {"d1": "east", "d2": "north"},
        {"d1": "east", "q": "north"},
        {"d1": {"d2": 1}, "q": {"d1": 1}},
    )
    before = (dict(corpus), dict(queries), {query: dict(grades) for query, grades in qrels.items()})
    _score(Retrieval("t", corpus, queries, qrels, drops_self=True))
    assert (corpus, queries, qrels) == before


class _Shaky:
    """Gives a text that it is asked for a second time in one call a slightly different vector, as long batches do."""

    def __call__(self, texts, role):
        turns = [texts[:position].count(text) * 1e-2 for position, text in enumerate(texts)]
        return np.array([[np.cos(turn), np.sin(turn)] for turn in turns], dtype=np.float32)


def test_equal_texts_are_ordered_by_id_whatever_the_model_makes_of_them():
    corpus = {"d1": "east", "d2": "east", "d3": "east"}
    vectors = _Shaky()(list(corpus.values()), Role.POSITIVE)
    assert len(np.unique(vectors @ [1, 0])) > 1  # the control: embedded one by one, rounding would order them
    for reading in (("d1", "d2", "d3"), ("d3", "d1", "d2"), ("d2", "d3", "d1")):
        task = Retrieval(
            "t", {name: corpus[name] for name in reading}, {"q": "east"}, {"q": {"d2": 1}}, drops_self=False
        )
        assert _score(task, _Shaky())["mrr@10"] == 1 / 2


@pytest.mark.parametrize("depth", [1, 3, 100])
def test_a_collapsed_model_scores_the_same_however_the_corpus_is_sorted(depth):
    names = [f"d{i:03}" for i in range(120)]
    model = Table({name: [1, 0] for name in [*names, "query"]})
    scores = []
    for order in (names, names[::-1], names[60:] + names[:60]):
        corpus = {name: name for name in order}
        task = Retrieval("t", corpus, {"q": "query"}, {"q": {"d118": 1, "d020": 1}}, drops_self=False, ks=(depth,))
        scores.append(_score(task, model))
    assert scores[0] == scores[1] == scores[2]
    assert scores[0][f"mrr@{depth}"] == (0 if depth == 1 else 1 / 2)  # d119, d118, …
    assert scores[0][f"hit_rate@{depth}"] == (0 if depth == 1 else 1)
    assert scores[0][f"recall@{depth}"] == {1: 0, 3: 1 / 2, 100: 1}[depth]


def test_equal_positives_are_one_document_that_is_relevant_to_all_their_anchors():
    task = Retrieval.from_pairs("pairs", [("a", "east"), ("b", "east"), ("c", "north")])
    assert list(task.corpus.values()) == ["east", "north"]
    assert [list(task.qrels[query]) for query in task.queries] == [["d0"], ["d0"], ["d1"]]


def test_equal_anchors_are_one_query_with_all_their_positives_relevant():
    task = Retrieval.from_pairs("pairs", [("a", "east"), ("a", "north"), ("a", "east")])
    assert task.queries == {"q0": "a"}
    assert task.qrels == {"q0": {"d0": 1, "d1": 1}}
    assert not task.drops_self


def test_pairs_with_an_empty_text_are_refused():
    with pytest.raises(DataError, match="pair 1"):
        Retrieval.from_pairs("pairs", [("a", "b"), (" ", "c")])


def test_sets_that_can_not_be_scored_are_refused():
    with pytest.raises(DataError, match="0 queries with a relevant"):
        Retrieval("t", CORPUS, {"q": "east"}, {"q": {"d1": 0}}, drops_self=False)
    with pytest.raises(DataError, match="'lost' is judged"):
        Retrieval("t", CORPUS, {"q": "east"}, {"lost": {"d1": 1}}, drops_self=False)


def test_judgements_of_another_corpus_are_refused_with_an_id_of_either_side():
    with pytest.raises(DataError, match=r"none of the 1 relevant .* name 'doc-1', the corpus has 'd1': ids must be"):
        Retrieval("t", CORPUS, {"q": "east"}, {"q": {"doc-1": 1, "d2": 0}}, drops_self=False)
    with pytest.raises(DataError, match=r"query 'q1' is judged .* name 'q1', the file of queries has 'q'"):
        Retrieval("t", CORPUS, {"q": "east"}, {"q1": {"d1": 1}}, drops_self=False)


def test_relevant_documents_that_are_missing_and_blank_ones_are_counted(caplog):
    corpus = CORPUS | {"d4": " "}
    Retrieval("t", corpus, {"q": "east"}, {"q": {"d1": 1, "gone": 2}}, drops_self=False)
    assert caplog.messages == [
        "t: 1 of 2 relevant documents are not in the corpus, such as 'gone', and count as not found.",
        "t: 1 of 4 documents hold no text.",
    ]


@pytest.mark.parametrize(
    ("corpus", "grade", "message"),
    [
        (CORPUS, 2_000_000_000, "query 'q', document 'd1': found the grade 2e"),
        ({"d1": None}, 1, "document 'd1': found None; it should be a text"),
        ({"d1": "\ud800"}, 1, "document 'd1': found .*half a surrogate pair"),
        ({"d1": ""}, 1, "none of the 1 documents holds a text"),
    ],
)
def test_what_is_no_text_and_no_grade_is_refused(corpus, grade, message):
    with pytest.raises(DataError, match=message):
        Retrieval("t", corpus, {"q": "east"}, {"q": {"d1": grade}}, drops_self=False)


def beir(folder, qrels, name="qrels.tsv"):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text('{"_id": 1, "title": "T", "text": "east"}\n{"_id": 2, "text": "north"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "east"}\n{"_id": "unjudged", "text": " "}\n')
    (folder / name).write_text(qrels)
    return folder


HEAD = "query-id\tcorpus-id\tscore\n"


@pytest.mark.parametrize("qrels", [f"{HEAD}q\t1\t1\n", f"{HEAD}q \t1 \t1.0\n", "q 0 1 1\nq 0 2 0\n", "q\t0\t1\t1\n"])
def test_judgements_are_a_table_or_trecs_four_columns_and_blanks_are_no_part_of_an_id(tmp_path, qrels):
    (task,) = load_tasks([f"retrieval:{beir(tmp_path, qrels)}"])
    assert task.qrels["q"]["1"] == 1


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        ("q Q0 1 1 0.9 mine\n", "found a run of TREC"),
        (
            "q\t1\t1\n",
            "line 1: found q, 1, 1 where the columns are named. Write a first line: query-id, corpus-id, score",
        ),
        ("q 0 1 1\nq 1\n", "line 2: found 2 fields; TREC's judgements have 4"),
        (f"{HEAD}q\t1\t1e30\n", "line 2, column 'score': found the grade 1e"),
        (f"{HEAD}q\t1.0\t1\n", "name '1.0', the corpus has '1'"),
    ],
)
def test_other_judgements_are_told_with_the_way_out(tmp_path, qrels, message):
    with pytest.raises(DataError, match=message):
        load_tasks([f"retrieval:{beir(tmp_path, qrels)}"])


def test_a_split_is_named_by_its_file_and_others_are_listed(tmp_path):
    folder = beir(tmp_path / "set", f"{HEAD}q\t1\t1\n", "qrels/dev.tsv")
    with pytest.raises(DataError, match=r"no judgements in qrels\.tsv or qrels/test\.tsv; there are qrels/dev\.tsv"):
        load_tasks([f"retrieval:{folder}"])
    (task,) = load_tasks([f"retrieval:{folder}/qrels/dev.tsv"])
    assert task.name == "set-dev"
