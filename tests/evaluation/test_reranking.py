"""Reranking: the order within each query's own list, and ties that never help."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.tasks.reranking import Candidates, Reranking
from textcl.types.text import Role

COMPASS = {"east": [1, 0], "mostly east": [3, 1], "north east": [1, 1], "north": [0, 1], "also north": [0, 2]}


def _scores(queries, table=None):
    return {
        name: values.tolist() for name, values in Reranking("t", queries).run(table or Table(COMPASS)).per_item.items()
    }


def test_metrics_of_one_query_by_hand():
    # In order: mostly east (negative), north east (positive), north (positive).
    scores = _scores([Candidates("east", ("north east", "north"), ("mostly east",))])
    assert scores == {"map": [pytest.approx((1 / 2 + 2 / 3) / 2)], "mrr@10": [1 / 2]}


def test_each_text_is_embedded_once_queries_as_anchors_and_the_others_as_positives():
    model = Table(COMPASS)
    Reranking("t", [Candidates("east", ("north",), ("east",)), Candidates("east", ("north",), ("north east",))]).run(
        model
    )
    assert model.calls == [(["east"], Role.ANCHOR), (["north", "east", "north east"], Role.POSITIVE)]


def test_equal_cosines_put_the_negatives_first():
    assert _scores([Candidates("east", ("north",), ("also north",))]) == {"map": [1 / 2], "mrr@10": [1 / 2]}


def test_a_model_that_gives_one_vector_ends_at_the_bottom():
    scores = _scores(
        [Candidates("east", ("north",), ("mostly east", "north east", "also north"))],
        lambda texts, role: np.ones((len(texts), 2), dtype=np.float32),
    )
    assert scores == {"map": [1 / 4], "mrr@10": [1 / 4]}


def test_the_reciprocal_rank_is_cut_after_the_tenth_text():
    vectors = {f"{location}": [np.cos(location / 10), np.sin(location / 10)] for location in range(12)}
    tenth = Candidates("0", ("9",), tuple(map(str, range(9))))
    eleventh = Candidates("0", ("10",), tuple(map(str, range(10))))
    assert _scores([tenth, eleventh], Table(vectors)) == {"map": [1 / 10, pytest.approx(1 / 11)], "mrr@10": [1 / 10, 0]}


def test_queries_without_an_order_to_get_right_are_left_out():
    kept = Candidates("east", ("north east",), ("north",))
    assert Reranking("t", [Candidates("a", (), ("b",)), kept, Candidates("a", ("b",), ())]).queries == (kept,)
    with pytest.raises(DataError, match="t: none of 1 queries"):
        Reranking("t", [Candidates("a", (), ("b",))])
