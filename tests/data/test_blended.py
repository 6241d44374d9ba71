"""Rows of several sources side by side: the proportions of every batch, and what repeats."""

import numpy as np
import pytest

from tests.data.sources import anchors
from tests.data.test_batches import CROPS, content
from tests.data.tokens import tokenize
from textcl.data.batches import Batches
from textcl.data.orders import Blended
from textcl.data.sources.concatenation import Concatenation

SIZES = {"few": 30, "many": 170}


def test_every_batch_has_the_proportions_of_the_whole() -> None:
    order = Blended(SIZES, (0.4, 0.6), 20, seed=1)
    batches = Batches(Concatenation([anchors(30), anchors(170)]), CROPS, tokenize, 20, 1, order=order)
    assert batches.steps_per_epoch == 10
    for step in range(30):
        assert np.abs((batches.rows(step) < 30).sum() - 8) <= 1


def test_an_epoch_has_each_source_to_the_row_and_goes_on_where_the_last_stopped() -> None:
    order = Blended(SIZES, (0.4, 0.6), 20, seed=1)  # 80 and 120 of 200 rows
    epochs = [order(epoch) for epoch in range(3)]
    small = np.concatenate([drawn.rows[drawn.rows < 30] for drawn in epochs])
    passes = np.concatenate([drawn.passes[drawn.rows < 30] for drawn in epochs])
    assert [int((drawn.rows < 30).sum()) for drawn in epochs] == [80, 80, 80]
    assert passes.tolist() == sorted(passes.tolist())
    for turn in range(8):
        assert sorted(small[passes == turn].tolist()) == list(range(30))
    large = np.concatenate([drawn.rows[drawn.rows >= 30] for drawn in epochs])
    assert sorted(large[:170].tolist()) == list(range(30, 200))


def test_a_repeated_row_is_cropped_anew() -> None:
    order = Blended({"few": 4, "many": 36}, (0.5, 0.5), 8, seed=1)
    few, many = anchors(4), anchors(36)
    batches = Batches(Concatenation([few, many]), CROPS, tokenize, 8, 1, order=order)
    made = [batches.batch(step) for step in range(5)]
    seen = [text for batch in made for row, text in zip(batch.rows, batch.views[1].texts, strict=True) if row == 0]
    assert len(seen) == 5
    assert len(set(seen)) > 1


def test_the_shares_of_all_ranks_are_the_batch_of_one_process() -> None:
    order = Blended(SIZES, (0.4, 0.6), 20, seed=1)
    batches = Batches(Concatenation([anchors(30), anchors(170)]), CROPS, tokenize, 20, 1, order=order)
    for step in (0, 7, 12):
        shares = [batches.batch(step, rank, 3) for rank in range(3)]
        assert [row for share in shares for row in content(share)] == content(batches.batch(step))


def test_shares_that_a_source_can_not_fill_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"source 'few' has 10 rows, but its share of a batch is 32\.0; give it a smaller"
    ):
        Blended({"few": 10, "many": 1000}, (0.5, 0.5), 64, seed=1)
    with pytest.raises(
        ValueError, match="source 'other' would get no row of the 20 of an epoch; give it a larger weight"
    ):
        Blended({"one": 10, "other": 10}, (0.99, 0.01), 4, seed=1)
