"""Running tasks: order, names, and models whose vectors cannot be compared."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import ModelError
from textcl.evaluation.run import evaluate
from textcl.evaluation.tasks.sts import STS, GradedPair

PAIRS = [GradedPair("east", "north", 0.0), GradedPair("east", "east", 5.0)]
MODEL = Table({"east": [1, 0], "north": [0, 1]})


def test_tasks_run_in_order_and_are_announced():
    announced = []
    samples = evaluate([STS("one", PAIRS), STS("two", PAIRS)], MODEL, announced.append)
    assert announced == list(samples) == ["one", "two"]
    assert samples["one"].size == 2


def test_a_vector_that_is_not_finite_names_the_task_and_the_text():
    with pytest.raises(ModelError, match=r"one: .* 1 of 2 texts, first for 'north'"):
        evaluate([STS("one", PAIRS)], Table({"east": [1, 0], "north": [np.nan, 1]}))


def test_a_model_that_loses_texts_is_refused():
    with pytest.raises(ModelError, match=r"one: the model gives an array \(1, 2\) for 2 texts"):
        evaluate([STS("one", PAIRS)], lambda texts, role: np.ones((1, 2), dtype=np.float32))


def test_two_tasks_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'one'"):
        evaluate([STS("one", PAIRS), STS("one", PAIRS)], MODEL)
