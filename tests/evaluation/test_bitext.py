"""Bitext mining: who embeds which side, what is mined, and how the pairs of two models are exchanged."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.task import Exchangeable
from textcl.evaluation.tasks.bitext import Bitext, BitextSample
from textcl.types.text import Role

PAIRS = [("one", "eins"), ("two", "zwei"), ("three", "drei")]
APART = {
    "one": [1, 0, 0],
    "eins": [3, 1, 1],
    "two": [0, 1, 0],
    "zwei": [1, 3, 1],
    "three": [0, 0, 1],
    "drei": [1, 1, 3],
}


def _metrics(sample, weights=None):
    weights = np.ones((1, sample.size)) if weights is None else weights
    return {name: float(value[0]) for name, value in sample.metrics(weights).items()}


def _noisy(seed, count=40):
    """Translations that lie near their sentences, but not all of them nearest."""
    rng = np.random.default_rng(seed)
    vectors = {}
    for number in range(count):
        vectors[f"first {number}"] = rng.normal(size=6) + 1
        vectors[f"second {number}"] = vectors[f"first {number}"] + 0.6 * rng.normal(size=6)
    return [(f"first {number}", f"second {number}") for number in range(count)], Table(vectors)


def test_translations_that_lie_nearest_are_all_found_and_mined():
    metrics = _metrics(Bitext("numbers", PAIRS).run(Table(APART)))
    assert [metrics[name] for name in ("accuracy", "accuracy_forward", "accuracy_backward", "f1")] == [1, 1, 1, 1]


def test_each_side_has_its_role_so_that_each_tower_reads_its_language():
    model = Table(APART)
    Bitext("numbers", PAIRS).run(model)
    assert model.calls == [(["one", "two", "three"], Role.ANCHOR), (["eins", "zwei", "drei"], Role.POSITIVE)]


def test_a_hub_that_is_near_to_all_lowers_one_way_only():
    hub = {**APART, "eins": [1, 1, 1], "zwei": [0, 1, 2], "drei": [0, 2, 1]}
    metrics = _metrics(Bitext("numbers", PAIRS).run(Table(hub)))
    assert metrics["accuracy_forward"] == pytest.approx(1 / 3)
    assert metrics["accuracy"] == pytest.approx((metrics["accuracy_forward"] + metrics["accuracy_backward"]) / 2)


def test_pairs_that_stand_there_twice_count_once():
    assert Bitext("numbers", [*PAIRS, PAIRS[0]]).run(Table(APART)).size == 3


def test_a_sentence_with_two_translations_is_mined_once():
    table = Table({**APART, "ein": [9, 1, 1]})
    sample = Bitext("numbers", [("one", "eins"), ("one", "ein"), *PAIRS[1:]]).run(table)
    # Three of four pairs can be mined, and all that is mined is right.
    assert np.isfinite(sample.margins).sum() == 3
    assert _metrics(sample)["f1"] == pytest.approx(2 * 3 / (3 + 4))


def test_a_model_that_gives_one_vector_finds_one_translation_in_n():
    metrics = _metrics(Bitext("numbers", PAIRS).run(lambda texts, role: np.ones((len(texts), 2), dtype=np.float32)))
    assert metrics["accuracy"] == pytest.approx(1 / 3)


def test_where_nothing_is_mined_nothing_is_right_and_there_is_no_threshold():
    found = _metrics(BitextSample(np.zeros(3), np.zeros(3), np.full(3, -np.inf), np.zeros(3, dtype=bool)))
    assert found["f1"] == 0
    assert np.isnan(found["f1_threshold"])


def test_weights_count_the_outcomes_of_pairs():
    pairs, table = _noisy(0)
    sample = Bitext("noisy", pairs).run(table)
    counts = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40))
    repeated = type(sample)(
        *(np.repeat(part, counts) for part in (sample.forward, sample.backward, sample.margins, sample.is_right))
    )
    assert _metrics(sample, counts[None].astype(np.float64)) == pytest.approx(_metrics(repeated))


def test_an_exchange_of_all_pairs_exchanges_the_scores():
    pairs, table = _noisy(0)
    left, right = Bitext("noisy", pairs).run(table), Bitext("noisy", pairs).run(_noisy(5)[1])
    assert isinstance(left, Exchangeable)
    exchanged = left.exchanged(right, np.ones(40, dtype=bool))
    for name in ("accuracy", "accuracy_forward", "accuracy_backward", "f1"):
        assert _metrics(exchanged[0])[name] == _metrics(right)[name]
        assert _metrics(exchanged[1])[name] == _metrics(left)[name]
    assert np.isnan(_metrics(exchanged[0])["f1_threshold"])


def test_one_pair_is_not_enough():
    with pytest.raises(DataError, match="1 distinct pairs"):
        Bitext("numbers", [PAIRS[0], PAIRS[0]])
