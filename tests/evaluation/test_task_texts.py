"""What a task reads is what it embeds."""

from collections.abc import Sequence

import numpy as np

from tests.evaluation.vectors import Table
from textcl.evaluation import STS, GradedPair, MeanSample, Recorded, Retrieval, texts_of
from textcl.evaluation.task_texts import TextPair
from textcl.types import Embed, Role


class Classes:
    """A kind of task that nobody knew when recording was written: it embeds in two goes, and lists no pairs."""

    name = "classes"

    def run(self, embed: Embed) -> MeanSample:
        train, test = (embed(texts, Role.ANCHOR) for texts in (["a", "b"], ["c", "a"]))
        return MeanSample({"accuracy": (train * test).sum(axis=1)})


def sts() -> STS:
    return STS("sts", [GradedPair("a", "b", 1.0), GradedPair("a", "c", 2.0)])


def retrieval() -> Retrieval:
    qrels = {"q1": {"d1": 1, "d2": 0, "missing": 1}, "q2": {"d2": 2}, "q3": {"d1": 0}}
    return Retrieval("find", {"d1": "x", "d2": "y"}, {"q1": "1", "q2": "2", "q3": "3"}, qrels, drops_self=False)


def test_an_sts_task_reads_its_sentences_and_graded_pairs() -> None:
    texts = texts_of(sts())
    assert texts.parts == {"texts": ("a", "b", "c")}
    assert texts.pairs == (TextPair("a", "b", 1.0), TextPair("a", "c", 2.0))


def test_a_retrieval_task_tells_queries_from_documents_and_pairs_what_is_relevant() -> None:
    texts = texts_of(retrieval())
    assert texts.parts == {"queries": ("1", "2"), "documents": ("x", "y")}
    assert set(texts.pairs) == {TextPair("1", "x", None), TextPair("2", "y", None)}


def test_any_other_kind_needs_no_code_for_it() -> None:
    assert texts_of(Classes()).parts == {"texts": ("a", "b", "c")}
    assert texts_of(Classes()).pairs == ()


def test_a_recorded_task_gives_the_scores_of_the_task() -> None:
    table = Table({"a": [1, 0], "b": [0.6, 0.8], "c": [0, 1]})
    recorded = Recorded(sts())
    ones = np.ones((1, 2))
    assert recorded.name == "sts"
    assert recorded.run(table).metrics(ones) == sts().run(table).metrics(ones)
    assert recorded.noted() == texts_of(sts())


def test_a_text_that_is_embedded_twice_is_noted_once() -> None:
    def embed(texts: Sequence[str], role: Role) -> np.ndarray:
        return np.eye(len(texts), 3, dtype=np.float32)

    recorded = Recorded(sts())
    recorded.run(embed)
    recorded.run(embed)
    assert recorded.noted().parts == {"texts": ("a", "b", "c")}
