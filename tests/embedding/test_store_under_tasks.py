"""A cache in front of a model: what it asks the model for, and when two texts share a vector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.noted import Noted
from textcl.embedding.store import VectorStore, cached
from textcl.evaluation.run import evaluate
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.batches import FloatArray
from textcl.types.text import Role


class Model:
    """Embeds a text as what its characters add up to, each role in its own way, and notes what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Role]] = []

    def __call__(self, texts, role) -> FloatArray:
        self.calls.append((list(texts), role))
        return np.array([vector(text, role) for text in texts], dtype=np.float32).reshape(-1, 3)

    @property
    def request(self) -> list[str]:
        return [text for texts, _ in self.calls for text in texts]


def vector(text: str, role: Role) -> list[float]:
    side = getattr(role, "tower", role)  # of a task: the side of a two-tower model
    return [float(sum(map(ord, text))), float(len(text)), float(list(Role).index(side))]


def one_space(role: Role) -> str:
    return ""


@pytest.fixture
def model() -> Model:
    return Model()


def test_a_text_is_embedded_once_whatever_the_number_of_tasks(model: Model) -> None:
    pairs = [GradedPair("one", "two", 1.0), GradedPair("two", "three", 2.0), GradedPair("one", "three", 3.0)]
    more = [*pairs, GradedPair("four", "one", 0.5)]
    noted = Noted()
    embed = cached(model, VectorStore(3), str, noted)
    samples = evaluate([STS("some", pairs), STS("more", more), STS("same", pairs)], embed)
    assert model.request == ["one", "two", "three", "four"]
    assert noted.expected == [3, 1, 0]
    ones = np.ones((1, 3))
    assert samples["some"].metrics(ones) == samples["same"].metrics(ones)


def test_control_without_it_the_tasks_embed_their_texts_again(model: Model) -> None:
    pairs = [GradedPair("one", "two", 1.0), GradedPair("two", "three", 2.0)]
    evaluate([STS("some", pairs), STS("same", pairs)], model)
    assert len(model.request) == 6


def test_a_text_that_comes_twice_in_a_call_is_embedded_once_and_answered_twice(model: Model) -> None:
    vectors = cached(model, VectorStore(3), str)(["b", "a", "b"], Role.ANCHOR)
    assert model.request == ["b", "a"]
    np.testing.assert_array_equal(vectors, [vector(text, Role.ANCHOR) for text in "bab"])


def test_roles_share_vectors_where_they_share_a_space_and_not_elsewhere(model: Model) -> None:
    together = cached(model, VectorStore(3), one_space)
    together(["a"], Role.ANCHOR)
    together(["a"], Role.POSITIVE)
    assert len(model.calls) == 1
    apart = cached(model, VectorStore(3), str)
    apart(["a"], Role.ANCHOR)
    np.testing.assert_array_equal(apart(["a"], Role.POSITIVE), [vector("a", Role.POSITIVE)])


def test_a_space_and_a_text_do_not_run_into_each_other(model: Model) -> None:
    store = VectorStore(3)
    cached(model, store, lambda role: "query: ")(["a"], Role.ANCHOR)
    cached(model, store, lambda role: "query: a")([""], Role.ANCHOR)
    assert model.request == ["a", ""]


def test_no_texts_ask_nothing_of_the_model(model: Model) -> None:
    assert cached(model, VectorStore(3), str)([], Role.ANCHOR).shape == (0, 3)
    assert not model.calls


def test_a_full_store_changes_no_vector(model: Model) -> None:
    embed = cached(model, VectorStore(3, memory_bytes=1), one_space)
    texts = [str(number) for number in range(3000)]
    for _ in range(2):
        np.testing.assert_array_equal(embed(texts, Role.ANCHOR), [vector(text, Role.ANCHOR) for text in texts])
    assert len(model.request) > 3000  # again what the store could not keep


def test_each_block_is_kept_as_soon_as_it_is_there(model: Model) -> None:
    store = VectorStore(3)

    def fails_in_the_third_block(texts, role):
        if "4" in texts:
            raise KeyboardInterrupt
        return model(texts, role)

    with pytest.raises(KeyboardInterrupt):
        cached(fails_in_the_third_block, store, one_space, block=2)(list("01234"), Role.ANCHOR)
    cached(model, store, one_space, block=2)(list("01234"), Role.ANCHOR)
    assert model.request == list("01234")


def test_half_a_surrogate_is_a_text_like_another(model: Model) -> None:
    assert cached(model, VectorStore(3), str)(["\ud800"], Role.ANCHOR).shape == (1, 3)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.lists(st.text(max_size=3), max_size=6), st.sampled_from(list(Role))), max_size=6))
def test_any_calls_get_the_vectors_of_the_model_itself(calls: list[tuple[list[str], Role]]) -> None:
    embed = cached(Model(), VectorStore(3), str, block=2)
    for texts, role in calls:
        np.testing.assert_array_equal(embed(texts, role), Model()(texts, role))
