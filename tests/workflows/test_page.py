"""What a page shows is seen while tasks run: no text is embedded for it, and no score changes."""

from collections.abc import Sequence

import numpy as np
import pytest

from textcl.evaluation.run import evaluate
from textcl.evaluation.task import Sample
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.batches import FloatArray
from textcl.types.text import Role
from textcl.workflows.page import Observer, page_data

TOPICS = ("red", "blue", "green", "old", "new", "small")
PAIRS = [(f"{topic} question {number}", f"{topic} answer {number}") for topic in TOPICS for number in range(5)]


class Model:
    """Texts of one topic lie close together; counts what it is asked for."""

    def __init__(self, noise: float) -> None:
        self.noise = noise
        self.request: list[str] = []

    def __call__(self, texts: Sequence[str], role: Role) -> FloatArray:
        self.request += texts
        vectors = np.array([self._vector(text) for text in texts], dtype=np.float32)
        unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _vector(self, text: str) -> FloatArray:
        topic, _, number = text.split()
        base = np.random.default_rng([*topic.encode(), int(number)]).normal(size=8)
        own = np.random.default_rng(list(text.encode())).normal(size=8)
        return (base + self.noise * own).astype(np.float32)


def retrieval() -> Retrieval:
    return Retrieval.from_pairs("docs", PAIRS)


def observed(observer: Observer, name: str, model: Model, tasks: Sequence[Retrieval | STS]) -> dict[str, Sample]:
    with observer.on(name, model) as embed:
        return evaluate(tasks, embed)


def test_nothing_is_embedded_for_the_page_and_no_score_changes() -> None:
    task, plain, seen = retrieval(), Model(1.0), Model(1.0)
    alone = evaluate([task], plain)["docs"]
    sample = observed(Observer([task], 17), "model", seen, [task])["docs"]
    assert seen.request == plain.request
    weights = np.ones((1, alone.size))
    assert {k: v[0] for k, v in sample.metrics(weights).items()} == {k: v[0] for k, v in alone.metrics(weights).items()}


def test_a_better_model_brings_pairs_together_and_its_queries_gain() -> None:
    task = retrieval()
    observer = Observer([task], 17)
    before = observed(observer, "before", Model(2.0), [task])
    after = observed(observer, "after", Model(0.0), [task])
    data = page_data(observer, {"before": before, "after": after}, 17)
    old, new = data.similarities["docs"]
    assert sum(old.positives) == sum(new.positives) == len(PAIRS)
    assert old.closer is not None
    assert old.closer < 1
    assert new.closer == 1
    changes = data.queries["docs"]
    assert changes
    for change in changes:
        assert change.gained
        assert change.scores[0] < change.scores[1] == 1
        assert change.ranks[1] == 1
        assert change.hits[1][0].is_relevant
        assert change.hits[1][0].text == change.text.replace("question", "answer")
        assert sum(hit.is_relevant for hit in change.hits[1]) == 1
    assert [c.scores[1] - c.scores[0] for c in changes] == sorted(c.scores[1] - c.scores[0] for c in changes)[::-1]


def test_the_map_holds_each_text_once_with_its_pair() -> None:
    task = retrieval()
    observer = Observer([task], 17)
    data = page_data(observer, {"model": observed(observer, "model", Model(0.5), [task])}, 17)
    assert data.map is not None
    assert sorted(data.map.texts) == sorted(text for pair in PAIRS for text in pair)
    for one, other in data.map.pairs:
        assert data.map.texts[one].replace("question", "answer") == data.map.texts[other]
    assert len(data.map.pairs) == len(PAIRS)
    (locations,) = data.map.layouts
    assert min(min(location) for location in locations) == 0
    assert max(max(location) for location in locations) == 1
    assert data.queries == {}


def test_the_page_is_the_same_for_the_same_seed() -> None:
    task = retrieval()
    maps = []
    for _ in range(2):
        observer = Observer([task], 17)
        maps.append(page_data(observer, {"model": observed(observer, "model", Model(0.5), [task])}, 17).map)
    assert maps[0] == maps[1]


def test_pairs_of_sts_belong_together_in_the_highest_fifth_of_the_scale() -> None:
    scores = (0.0, 3.9, 4.0, 5.0)
    pairs = [GradedPair(first, second, score) for (first, second), score in zip(PAIRS, scores, strict=False)]
    assert [pair.first for pair in STS("sts", pairs).positives()] == [PAIRS[2][0], PAIRS[3][0]]


def test_random_pairs_are_none_that_belong_together() -> None:
    task = Retrieval.from_pairs("docs", [("red question 1", answer) for _, answer in PAIRS])  # one query wants them all
    observer = Observer([task], 17)
    data = page_data(observer, {"model": observed(observer, "model", Model(0.5), [task])}, 17)
    (similarities,) = data.similarities["docs"]
    assert sum(similarities.positives) == len(PAIRS)
    assert sum(similarities.randoms) == 0
    assert similarities.closer is None


def test_too_few_texts_make_no_map() -> None:
    task = Retrieval.from_pairs("docs", PAIRS[:2])
    observer = Observer([task], 17)
    assert page_data(observer, {"model": observed(observer, "model", Model(0.5), [task])}, 17).map is None


def test_who_listens_to_one_model_does_not_hear_the_next() -> None:
    task = retrieval()
    observer = Observer([task], 17)
    observed(observer, "before", Model(0.0), [task])
    heard = dict(observer.seen["before"].found)
    evaluate([task], Model(5.0))
    assert observer.seen["before"].found == heard


@pytest.mark.parametrize("count", [0, 1])
def test_a_run_without_tasks_or_pairs_has_an_empty_page(count: int) -> None:
    tasks = [STS("sts", [GradedPair(*PAIRS[0], 1.0), GradedPair(*PAIRS[1], 1.0)])][:count]
    observer = Observer(tasks, 17)
    data = page_data(observer, {"model": observed(observer, "model", Model(0.5), tasks)}, 17)
    assert data.map is None
    assert len(data.similarities) == count
