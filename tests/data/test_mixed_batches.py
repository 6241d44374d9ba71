"""Batches from one source at a time: whole passes, shares, and no state."""

from collections.abc import Mapping

import numpy as np
import pytest

from tests.data.sources import Rows, anchors
from tests.data.test_batches import CROPS, content
from tests.data.tokens import tokenize
from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.data.views import ViewSpec, default_views
from textcl.errors import DataError
from textcl.types.text import Example, Role

SIZES = {"small": 7, "middle": 41, "large": 200}
BATCH = 8


def mixed(shares: tuple[float, ...] = (0.25, 0.25, 0.5), sizes: Mapping[str, int] = SIZES) -> MixedBatches:
    batches = {
        name: Batches(anchors(size), default_views(Example(0, "a")), tokenize, BATCH, seed=number)
        for number, (name, size) in enumerate(sizes.items())
    }
    return MixedBatches(batches, shares)


def owners_of(made: MixedBatches, step: int) -> set[int]:
    return set(np.searchsorted(np.cumsum(list(SIZES.values())), made.rows(step), side="right").tolist())


def test_every_batch_is_of_one_source_and_says_which() -> None:
    made = mixed()
    for step in range(2 * made.steps_per_epoch):
        (owner,) = owners_of(made, step)
        batch = made.batch(step)
        assert batch.source == list(SIZES)[owner]
        assert batch.rows.tolist() == made.rows(step).tolist()


@pytest.mark.parametrize("shares", [(0.25, 0.25, 0.5), (0.1, 0.6, 0.3), (0.4, 0.2, 0.4)])
def test_an_epoch_gives_each_source_its_share_to_within_half_a_batch(shares: tuple[float, ...]) -> None:
    made = mixed(shares)
    epochs = []
    for epoch in range(20):
        steps = range(epoch * made.steps_per_epoch, (epoch + 1) * made.steps_per_epoch)
        epochs.append([sum(len(made.rows(n)) for n in steps if owners_of(made, n) == {own}) for own in range(3)])
    strays = np.array(epochs) - 248 * np.array(shares)  # of 248 rows
    assert np.abs(strays.mean(axis=0)).max() <= BATCH / 2 + BATCH / 20  # the last pass may be cut by a batch
    assert np.abs(strays).max() <= 1.5 * BATCH  # an epoch may hold one short batch more or less


def test_each_source_goes_through_whole_passes_whatever_the_epochs() -> None:
    made = mixed()
    steps = range(4 * made.steps_per_epoch)
    for number, size in enumerate(SIZES.values()):
        start = sum(list(SIZES.values())[:number])
        own = [made.rows(step) - start for step in steps if owners_of(made, step) == {number}]
        rows = np.concatenate(own)
        kept = size - (size % BATCH == 1)  # 41 rows in eights: the single one is left out of its pass
        passes = [rows[end - kept : end].tolist() for end in range(kept, len(rows) + 1, kept)]
        assert passes
        assert all(len(set(single)) == kept for single in passes)
        assert len({tuple(single) for single in passes}) == len(passes)  # each a permutation of its own
        assert min(map(len, own)) >= 2


def test_a_small_source_is_drawn_anew_each_time_it_comes_up() -> None:
    rows = Rows(*(Example(0, " ".join(f"{row}-{word}" for word in range(30))) for row in range(4)))
    made = MixedBatches(
        {"few": Batches(rows, CROPS, tokenize, 4, 1), "many": Batches(anchors(40), CROPS, tokenize, 4, 2)}, (0.5, 0.5)
    )
    turns = [made.batch(step) for step in range(made.steps_per_epoch)]
    few = [batch for batch in turns if batch.source == "few"]
    assert [batch.turn for batch in few] == list(range(len(few)))
    assert len({tuple(sorted(batch.views[1].texts)) for batch in few}) == len(few) > 3


def test_a_source_of_little_weight_gets_one_batch_an_epoch() -> None:
    made = mixed((1e-6, 0.3, 0.7))
    turns = [made.batch(step).source for step in range(2 * made.steps_per_epoch)]
    assert turns.count("small") == 2


def test_steps_in_any_order_and_of_any_number_of_ranks_are_the_same_batches() -> None:
    made, other = mixed(), mixed()
    steps = range(2 * made.steps_per_epoch)
    whole = [content(made.batch(step)) for step in steps]
    for step in reversed(steps):
        shares = [other.batch(step, rank, 3) for rank in range(3)]
        assert [row for share in shares for row in content(share)] == whole[step]
        assert len({share.source for share in shares}) == 1


def test_views_differ_by_source_and_rows_are_placed_in_their_own() -> None:
    pairs = Rows(*(Example(0, f"q {row}", (f"a {row}",), score=1.0) for row in range(6)))
    labelled = Rows(*(Example(0, f"t {row}", label=row % 2) for row in range(6)))
    made = MixedBatches(
        {
            "pairs": Batches(pairs, default_views(pairs[0]), tokenize, 3, 1),
            "labelled": Batches(labelled, (ViewSpec(Role.ANCHOR),), tokenize, 3, 2),
        },
        (0.5, 0.5),
    )
    batches = {batch.source: batch for batch in map(made.batch, range(2))}
    assert [view.role for view in batches["pairs"].views] == [Role.ANCHOR, Role.POSITIVE]
    assert [view.role for view in batches["labelled"].views] == [Role.ANCHOR]
    assert (batches["pairs"].labels, batches["labelled"].scores) == (None, None)
    assert made.location(5) == "rows, row 5"
    assert made.location(6) == "rows, row 0"


def test_bad_steps_and_sources_of_one_row_are_refused() -> None:
    with pytest.raises(ValueError, match="step must be 0 or more, found -1"):
        mixed().rows(-1)
    with pytest.raises(DataError, match="found 1 rows of data; contrast needs at least 2"):
        mixed(sizes={"small": 1, "middle": 5, "large": 9})
