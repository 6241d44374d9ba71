"""The STS task: which texts it embeds, and what it makes of their cosines."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.text import Role

ONES = np.ones((1, 3))
PAIRS = [GradedPair("east", "east", 5.0), GradedPair("east", "north east", 3.0), GradedPair("east", "north", 0.0)]
COMPASS = {"east": [1, 0], "north east": [1, 1], "north": [0, 3]}


def test_cosines_in_the_order_of_the_gold_scores_give_spearman_one():
    metrics = STS("compass", PAIRS).run(Table(COMPASS)).metrics(ONES)
    assert metrics["spearman"] == pytest.approx(1.0)
    assert metrics["pearson"] == pytest.approx(np.corrcoef([1, np.sqrt(0.5), 0], [5, 3, 0])[0, 1])


def test_each_text_is_embedded_once_as_an_anchor():
    model = Table(COMPASS)
    STS("compass", PAIRS).run(model)
    assert model.calls == [(["east", "north east", "north"], Role.ANCHOR)]


def test_the_length_of_a_vector_does_not_matter():
    longer = {text: [10 * number for number in vector] for text, vector in COMPASS.items()}
    longer["east"] = COMPASS["east"]
    plain = STS("compass", PAIRS).run(Table(COMPASS))
    np.testing.assert_allclose(STS("compass", PAIRS).run(Table(longer)).predicted, plain.predicted)


def test_a_zero_vector_has_cosine_zero():
    predicted = STS("compass", PAIRS).run(Table({**COMPASS, "north east": [0, 0]})).predicted
    np.testing.assert_allclose(predicted, [1, 0, 0], atol=1e-7)


def test_constant_predictions_are_reported_as_nan():
    metrics = STS("collapsed", PAIRS).run(Table({text: [1, 2] for text in COMPASS})).metrics(ONES)
    assert np.isnan(metrics["spearman"]).all()
    assert np.isnan(metrics["pearson"]).all()


def test_one_pair_is_not_enough():
    with pytest.raises(ValueError, match="at least two"):
        STS("tiny", PAIRS[:1])
