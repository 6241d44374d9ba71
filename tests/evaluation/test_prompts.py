"""Which prompt a task's texts are embedded under."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.tiny import tiny_encoder
from textcl.encoder.prompts import Prompt, Prompts
from textcl.evaluation.run import evaluate
from textcl.evaluation.tasks.mteb import prompt_use
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.batches import FloatArray
from textcl.types.text import Role, Use
from textcl.workflows.evaluate import PromptNotes

PAIRS = [GradedPair("a dog", "two dogs run", 4.0), GradedPair("fish", "the old woman reads", 1.0)]
SEARCH = Retrieval("search", {"d": "a dog"}, {"q": "dog"}, {"q": {"d": 1}}, drops_self=False)


class Noted:
    """Embeds, and keeps the prompts that the texts got."""

    def __init__(self, prompts: Prompts) -> None:
        self.prompts, self.found = prompts, dict[str, str]()

    def __call__(self, texts: Sequence[str], role: Role | Use) -> FloatArray:
        self.found.update(dict.fromkeys(texts, self.prompts.of(role).text))
        return np.eye(len(texts), 4, dtype=np.float32)


@pytest.mark.parametrize(
    ("prompts", "wanted"),
    [
        (Prompts({"query": "q ", "document": "d "}), ""),
        (Prompts({"query": "q ", "STS": "s "}), "s "),
        (Prompts({"query": "q ", "any": "a "}, "any"), "a "),
        (Prompts.of_roles({"anchor": "q "}), "q "),
    ],
)
def test_sentences_of_a_pair_are_no_queries(prompts: Prompts, wanted: str) -> None:
    model = Noted(prompts)
    evaluate([STS("pairs", PAIRS)], model)
    assert set(model.found.values()) == {wanted}


def test_retrieval_takes_the_prompts_of_queries_and_documents() -> None:
    model = Noted(Prompts({"query": "q ", "document": "d ", "any": "a "}, "any"))
    evaluate([SEARCH], model)
    assert model.found == {"dog": "q ", "a dog": "d "}


def test_a_report_says_which_prompt_each_task_had() -> None:
    prompts = Prompts({"query": "q ", "STS": "s "})
    notes = PromptNotes(prompts.of, prompts.roles)
    evaluate([STS("pairs", PAIRS), SEARCH], notes.over(Noted(prompts)), notes.begin)
    assert notes.lines() == ["pairs: 's ' (STS)", "search: documents none, queries 'q ' (query)"]


def test_a_model_without_prompts_has_nothing_to_report() -> None:
    notes = PromptNotes(lambda use: Prompt("", ""), {Role.ANCHOR: ""})
    evaluate([STS("pairs", PAIRS)], notes.over(Noted(Prompts())), notes.begin)
    assert notes.lines() == []


def test_names_of_prompts_come_in_the_order_of_mteb() -> None:
    class Task:
        name, type = "NFCorpus", "Retrieval"

    sided = prompt_use(Task, "query")
    assert sided == Use(("NFCorpus-query", "NFCorpus", "Retrieval-query", "Retrieval"), Role.ANCHOR)
    assert prompt_use(Task, None) == Use(("NFCorpus", "Retrieval"), None)


def test_a_prompt_of_queries_changes_no_score_of_pairs() -> None:
    plain, prompted = tiny_encoder(), tiny_encoder(prompts=Prompts({"query": "the big old "}))
    wanted, found = (
        evaluate([STS("pairs", PAIRS)], lambda texts, role, e=e: e.encode(texts, role=role)) for e in (plain, prompted)
    )
    np.testing.assert_allclose(found["pairs"].predicted, wanted["pairs"].predicted)
