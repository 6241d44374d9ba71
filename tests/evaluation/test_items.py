"""The digest of a task's items: equal for equal data, different for any other."""

from types import SimpleNamespace

import numpy as np
import pytest

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.items import items_digest, results_of
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair

PAIRS = [GradedPair("a", "b", 1.0), GradedPair("c", "d", 2.0)]
CORPUS, QUERIES, QRELS = {"d1": "one", "d2": "two"}, {"q": "first"}, {"q": {"d1": 1}}


def _task(**held):
    return SimpleNamespace(name="t", run=None, **held)


def test_the_name_of_a_task_is_not_part_of_its_items():
    assert items_digest(STS("one", PAIRS)) == items_digest(STS("two", list(PAIRS)))


@pytest.mark.parametrize(
    "pairs",
    [
        PAIRS[::-1],
        [GradedPair("a", "b", 1.5), PAIRS[1]],
        [GradedPair("a", "B", 1.0), PAIRS[1]],
        [GradedPair("ab", "", 1.0), PAIRS[1]],
        [*PAIRS, PAIRS[0]],
    ],
)
def test_order_scores_texts_and_number_of_pairs_are(pairs):
    assert items_digest(STS("t", pairs)) != items_digest(STS("t", PAIRS))


def test_judgements_documents_and_rules_of_retrieval_are():
    digests = {
        items_digest(Retrieval("t", CORPUS, QUERIES, QRELS, drops_self=False)),
        items_digest(Retrieval("t", CORPUS, QUERIES, QRELS, drops_self=True)),
        items_digest(Retrieval("t", CORPUS, QUERIES, {"q": {"d1": 2}}, drops_self=False)),
        items_digest(Retrieval("t", {**CORPUS, "d2": "three"}, QUERIES, QRELS, drops_self=False)),
        items_digest(Retrieval("t", CORPUS, {"q": "second"}, QRELS, drops_self=False)),
    }
    assert len(digests) == 5


def test_numbers_are_told_apart_by_kind_and_value_whatever_library_they_come_from():
    assert items_digest(_task(k=1)) != items_digest(_task(k=1.0))
    assert items_digest(_task(k=np.float64(1.0))) == items_digest(_task(k=1.0))
    assert items_digest(_task(k=np.arange(3))) != items_digest(_task(k=np.arange(3).astype(np.int32)))


def test_sets_have_no_order():
    assert items_digest(_task(k={"one", "two", "three"})) == items_digest(_task(k={"three", "two", "one"}))


def test_a_fingerprint_stands_for_the_items():
    assert items_digest(_task(fingerprint="a", model=object())) == items_digest(_task(fingerprint="a", model=object()))
    assert items_digest(_task(fingerprint="a")) != items_digest(_task(fingerprint="b"))


def test_a_task_that_holds_what_has_no_digest_must_have_a_fingerprint():
    with pytest.raises(TypeError, match="give SimpleNamespace a property `fingerprint`"):
        items_digest(_task(model=object()))


def test_results_pair_samples_with_the_digests_of_their_tasks():
    sample = CorrelationSample(np.arange(2.0), np.arange(2.0))
    results = results_of([STS("t", PAIRS)], {"t": sample})
    assert results["t"].sample is sample
    assert results["t"].items == items_digest(STS("t", PAIRS))
