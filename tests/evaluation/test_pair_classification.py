"""Pair classification: which texts it embeds, what it makes of ties, and how the pairs of two models are exchanged."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.significance import differences
from textcl.evaluation.task import Exchangeable
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification, PairSample
from textcl.types.text import Role

COMPASS = {"east": [1, 0], "north east": [1, 1], "north": [0, 3]}
PAIRS = [LabelledPair("east", "north east", True), LabelledPair("east", "north", False)]


def _metrics(sample, weights=None):
    weights = np.ones((1, sample.size)) if weights is None else weights
    return {name: float(value[0]) for name, value in sample.metrics(weights).items()}


def _random_sample(seed, scale=1.0, shift=0.0, labels=None):
    rng = np.random.default_rng(seed)
    labels = rng.random(60) < 0.4 if labels is None else labels
    return PairSample(np.round(rng.normal(labels, 1.0), 1) * scale + shift, labels)


def test_pairs_in_the_right_order_are_told_apart():
    metrics = _metrics(PairClassification("compass", PAIRS).run(Table(COMPASS)))
    assert metrics["ap"] == metrics["f1"] == metrics["accuracy"] == 1
    assert metrics["f1_threshold"] == metrics["accuracy_threshold"] == pytest.approx(np.sqrt(0.5) / 2)


def test_each_text_is_embedded_once_as_an_anchor():
    model = Table(COMPASS)
    PairClassification("compass", PAIRS).run(model)
    assert model.calls == [(["east", "north east", "north"], Role.ANCHOR)]


def test_a_model_that_gives_one_vector_scores_what_the_labels_give_away():
    metrics = _metrics(PairSample(np.ones(4), np.array([True, False, False, False])))
    assert metrics["ap"] == 1 / 4
    assert metrics["f1"] == pytest.approx(2 / 5)
    assert metrics["accuracy"] == 3 / 4
    assert metrics["accuracy_threshold"] > 1  # no pair is taken to mean the same


def test_similar_pairs_with_the_wrong_label_score_badly():
    # The control of an inverted score: the same pairs, ordered by distance instead of cosine, would score 1.
    inverted = PairSample(np.array([0.9, 0.8, 0.2, 0.1]), np.array([False, False, True, True]))
    upright = PairSample(-inverted.scores, inverted.labels)
    assert _metrics(inverted)["ap"] == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert _metrics(inverted)["accuracy"] == 1 / 2
    assert _metrics(upright)["ap"] == _metrics(upright)["accuracy"] == 1


def test_weights_count_pairs_as_if_they_were_repeated():
    sample = _random_sample(0)
    counts = np.random.default_rng(1).multinomial(60, np.full(60, 1 / 60))
    repeated = PairSample(np.repeat(sample.scores, counts), np.repeat(sample.labels, counts))
    assert _metrics(sample, counts[None].astype(np.float64)) == pytest.approx(_metrics(repeated))


def test_a_resample_without_a_pair_that_means_the_same_has_no_average_precision():
    sample = PairSample(np.array([0.9, 0.1]), np.array([True, False]))
    metrics = _metrics(sample, np.array([[0.0, 2.0]]))
    assert np.isnan(metrics["ap"])
    assert np.isnan(metrics["f1"])
    assert metrics["accuracy"] == 1


def test_the_scale_of_a_models_cosines_does_not_matter_for_an_exchange():
    left, right = _random_sample(0), _random_sample(1, labels=_random_sample(0).labels)
    assert isinstance(left, Exchangeable)
    stretched = PairSample(right.scores * 0.01 + 0.9, right.labels)
    swaps = np.random.default_rng(2).random(60) < 0.5
    for name in ("ap", "f1", "accuracy"):
        plain, moved = (_metrics(left.exchanged(other, swaps)[0])[name] for other in (right, stretched))
        assert plain == pytest.approx(moved), name
    # The control: raw scores that change sides take their scale with them.
    mixed = [PairSample(np.where(swaps, other.scores, left.scores), left.labels) for other in (right, stretched)]
    assert _metrics(mixed[0])["ap"] != pytest.approx(_metrics(mixed[1])["ap"], abs=0.01)


def test_before_any_exchange_the_locations_give_the_scores_of_the_cosines():
    left, right = _random_sample(0), _random_sample(1, scale=3, labels=_random_sample(0).labels)
    for original, placed in zip((left, right), left.exchanged(right, np.zeros(60, dtype=bool)), strict=True):
        before, after = _metrics(original), _metrics(placed)
        assert [after[name] for name in ("ap", "f1", "accuracy")] == [before[name] for name in ("ap", "f1", "accuracy")]
        assert np.isnan(after["f1_threshold"])


def test_a_model_does_not_differ_from_itself():
    sample = _random_sample(0)
    assert all(found.value == found.low == found.high == 0 for found in differences(sample, sample).values())


@pytest.mark.parametrize("is_same", [True, False])
def test_pairs_of_one_kind_alone_are_refused(is_same):
    with pytest.raises(DataError, match="pairs of both kinds are needed"):
        PairClassification("one", [LabelledPair("a", "b", is_same)] * 3)
