"""What a task reads is what it embeds."""

import numpy as np

from tests.evaluation.vectors import Table
from textcl.evaluation.average import Average
from textcl.evaluation.run import Recorder, TaskTexts, evaluate, texts_of
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.task import Task, TextPair
from textcl.evaluation.tasks.bitext import Bitext
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.tasks.reranking import Candidates, Reranking
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.batches import Embed
from textcl.types.text import Role


class Classes:
    """A kind of task that nobody knew when recording was written: it embeds in two goes, and says nothing of pairs."""

    name = "classes"

    def run(self, embed: Embed) -> MeanSample:
        train, test = (embed(texts, Role.ANCHOR) for texts in (["a", "b"], ["c", "a"]))
        return MeanSample({"accuracy": (train * test).sum(axis=1)})


def sts() -> STS:
    return STS("sts", [GradedPair("a", "b", 1.0), GradedPair("a", "c", 2.0)])


def retrieval() -> Retrieval:
    qrels = {"q1": {"d1": 1, "d2": 0, "missing": 1}, "q2": {"d2": 2}, "q3": {"d1": 0}}
    return Retrieval("find", {"d1": "x", "d2": "y"}, {"q1": "1", "q2": "2", "q3": "3"}, qrels, drops_self=False)


def pairs(task: Task) -> set[TextPair]:
    return set(texts_of([task])[task.name].pairs)


def test_an_sts_task_reads_its_sentences_and_graded_pairs() -> None:
    assert texts_of([sts()]) == {
        "sts": TaskTexts({"texts": ("a", "b", "c")}, (TextPair("a", "b", 1.0), TextPair("a", "c", 2.0)))
    }


def test_a_retrieval_task_tells_queries_from_documents_and_pairs_what_is_relevant() -> None:
    texts = texts_of([retrieval()])["find"]
    assert texts.parts == {"queries": ("1", "2"), "documents": ("x", "y")}
    assert set(texts.pairs) == {TextPair("1", "x", None), TextPair("2", "y", None)}


def test_the_other_kinds_of_pairs_are_known() -> None:
    labelled = [LabelledPair("a", "b", True), LabelledPair("a", "c", False)]
    assert pairs(PairClassification("same", labelled)) == {TextPair("a", "b", 1.0), TextPair("a", "c", 0.0)}
    assert pairs(Bitext("two", [("a", "x"), ("b", "y")])) == {TextPair("a", "x", None), TextPair("b", "y", None)}
    assert pairs(Reranking("order", [Candidates("q", ("a",), ("b",))])) == {TextPair("q", "a", None)}


def test_of_a_task_that_does_not_say_what_it_compares_the_texts_are_known_but_not_the_pairs() -> None:
    assert texts_of([Classes()]) == {"classes": TaskTexts({"texts": ("a", "b", "c")}, None)}


def test_an_average_compares_what_its_members_compare_where_all_say_it() -> None:
    assert Average("mean", [sts(), retrieval()], "x").compared() == [*sts().compared(), *retrieval().compared()]
    assert Average("mean", [sts(), Classes()], "x").compared() is None


def test_tasks_that_are_recorded_give_the_scores_that_they_give_alone() -> None:
    table = Table({"a": [1, 0], "b": [0.6, 0.8], "c": [0, 1]})
    recorder, ones = Recorder(), np.ones((1, 2))
    samples = evaluate([sts(), Classes()], recorder.over(table), recorder.begin)
    assert samples["sts"].metrics(ones) == sts().run(table).metrics(ones)
    assert recorder.noted([sts(), Classes()]) == texts_of([sts(), Classes()])


def test_a_text_that_is_embedded_twice_is_noted_once() -> None:
    table, recorder = Table({"a": [1, 0], "b": [0.6, 0.8], "c": [0, 1]}), Recorder()
    for _ in range(2):
        evaluate([sts()], recorder.over(table), recorder.begin)
    assert recorder.noted([sts()]) == texts_of([sts()])


def test_a_task_that_embeds_nothing_of_its_own_is_left_out() -> None:
    assert Recorder().noted([sts()]) == {}
