"""Batches are stateless, exact in number, and the same on any number of ranks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.sources import Rows, anchors
from tests.data.tokens import hash_of, tokenize
from textcl.augment.span_crop import SpanCrop
from textcl.data.batches import Batches
from textcl.data.orders import LabelGroups
from textcl.data.sources.json_lines import JsonLines
from textcl.data.views import ViewSpec, default_views
from textcl.errors import DataError
from textcl.text.folding import identities
from textcl.types.batches import PairBatch
from textcl.types.text import Example, Role, Source

CROPS = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, (SpanCrop(0.1, 1.0),)))


def batches(source: Source, batch_size: int, seed: int = 17) -> Batches:
    return Batches(source, default_views(source[0]), tokenize, batch_size, seed)


def content(batch: PairBatch) -> list[tuple[object, ...]]:
    """Everything a batch says of each row, as plain values."""
    scores = [None] * len(batch.rows) if batch.scores is None else batch.scores.tolist()
    return [
        (
            int(row),
            scores[position],
            *(tuple(view.tokens.ids[position].tolist()) for view in batch.views),
            *(int(view.identity[position]) for view in batch.views),
        )
        for position, row in enumerate(batch.rows)
    ]


@given(st.integers(2, 60), st.integers(2, 70), st.integers(0, 3))
def test_an_epoch_is_a_permutation_without_a_last_batch_of_one(count: int, batch_size: int, epoch: int):
    made = batches(anchors(count), batch_size)
    steps = [made.rows(epoch * made.steps_per_epoch + step) for step in range(made.steps_per_epoch)]
    rows = np.concatenate(steps).tolist()
    is_dropped = count > batch_size and count % batch_size == 1
    assert len(rows) == len(set(rows)) == count - is_dropped
    assert set(rows) <= set(range(count))
    assert all(len(step) == min(batch_size, count) for step in steps[:-1])
    assert min(map(len, steps)) >= 2


def test_the_last_batch_of_an_epoch_may_be_short():
    made = batches(anchors(10), 4)
    assert made.steps_per_epoch == 3
    assert [len(made.rows(step)) for step in range(4)] == [4, 4, 2, 4]


def test_a_batch_size_beyond_the_source_gives_one_batch_of_all_rows():
    made = batches(anchors(5), 100)
    assert made.steps_per_epoch == 1
    assert sorted(made.rows(7)) == [0, 1, 2, 3, 4]


def test_epochs_and_seeds_have_orders_of_their_own():
    made, other = batches(anchors(50), 50), batches(anchors(50), 50, seed=18)
    orders = {tuple(made.rows(0)), tuple(made.rows(1)), tuple(other.rows(0))}
    assert len(orders) == 3


def test_steps_asked_for_in_any_order_are_the_same_batches():
    forwards, backwards = batches(anchors(23), 5), batches(anchors(23), 5)
    steps = range(2 * forwards.steps_per_epoch + 2)
    expected = [content(forwards.batch(step)) for step in steps]
    assert [content(backwards.batch(step)) for step in reversed(steps)] == expected[::-1]


@pytest.mark.parametrize("ranks", [1, 2, 3, 5, 8])
def test_the_shares_of_all_ranks_are_the_batch_of_one_process(ranks: int):
    examples = [Example(0, f"an anchor {row} of text", (f"p {row}", f"q {row}"), score=row / 7) for row in range(12)]
    made = Batches(Rows(*examples), CROPS, tokenize, 5, seed=3)  # the last batch has 2 rows: shares may be empty
    for step in range(2 * made.steps_per_epoch):
        shares = [made.batch(step, rank, ranks) for rank in range(ranks)]
        assert [row for share in shares for row in content(share)] == content(made.batch(step))
        sizes = [len(share.rows) for share in shares]
        assert max(sizes) - min(sizes) <= 1


def test_an_empty_share_keeps_its_views_and_shapes():
    made = batches(Rows(*(Example(0, str(row), score=1.0) for row in range(2))), 2)
    share = made.batch(0, rank=2, ranks=3)
    assert [view.role for view in share.views] == [Role.ANCHOR, Role.POSITIVE]
    assert all(len(view.tokens) == 0 and view.identity.shape == (0,) for view in share.views)
    assert share.scores is not None
    assert share.scores.shape == (0,)


def test_only_the_own_share_is_read():
    read: list[int] = []

    class Watched(Rows):
        def __getitem__(self, row: int) -> Example:
            read.append(row)
            return super().__getitem__(row)

    made = batches(Watched(*(Example(0, f"text {row}") for row in range(100))), 8)
    read.clear()
    share = made.batch(0, rank=1, ranks=2)
    assert read == share.rows.tolist() == made.rows(0)[4:].tolist()


def test_a_batch_holds_the_tokens_and_identities_of_its_rows():
    source = Rows(Example(0, "one two", ("three",), ("four",)), Example(0, "five", ("Three",), ("six",)))
    batch = batches(source, 2).batch(0)
    anchor, positive, negative = batch.views
    expected = [list(map(hash_of, source[int(row)].anchor.split())) for row in batch.rows]
    assert [ids[1:].tolist() for ids in anchor.tokens.ids] == expected
    assert [ids[0] for view in batch.views for ids in view.tokens.ids] == [1, 1, 2, 2, 3, 3]
    assert positive.identity[0] == positive.identity[1]  # case aside, one text
    assert negative.identity[0] != negative.identity[1]
    assert batch.scores is None


def test_a_dropout_pair_shares_one_identity():
    batch = batches(anchors(4), 4).batch(0)
    assert batch.views[0].identity.tolist() == batch.views[1].identity.tolist()
    assert len(set(batch.views[0].identity.tolist())) == 4


def test_crops_of_one_text_have_the_identity_of_that_text():
    source = Rows(*(Example(0, "the very same words in a row") for _ in range(6)))
    batch = Batches(source, CROPS, tokenize, 6, seed=1).batch(0)
    assert len({tuple(ids.tolist()) for ids in batch.views[1].tokens.ids}) > 1
    assert set(batch.views[1].identity.tolist()) == set(identities(["the very same words in a row"]).tolist())


def test_augmentation_differs_between_epochs():
    source = Rows(*(Example(0, " ".join(map(str, range(30)))) for _ in range(2)))
    made = Batches(source, CROPS, tokenize, 2, seed=1)
    texts = [sorted(tuple(ids.tolist()) for ids in made.batch(step).views[1].tokens.ids) for step in range(2)]
    assert texts[0] != texts[1]


PAIR = Example(0, "a", ("b",), ("c",), score=1.0)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (replace(PAIR, positives=()), "row 2: found no positive, but rows, row 0 has one; give every row a positive"),
        (replace(PAIR, score=None), "row 2: found no score, but rows, row 0 has one; give every row a score"),
    ],
)
def test_a_row_unlike_the_first_is_named(odd: Example, message: str):
    with pytest.raises(DataError, match=message):
        batches(Rows(PAIR, PAIR, odd), 3).batch(0)


def test_fewer_negatives_than_views_are_named_and_in_a_row_without_any_the_positive_stands_in():
    some = replace(PAIR, negatives=("c", "d"))
    with pytest.raises(DataError, match=r"row 2: found 1 negatives, the views ask for 2; .* in data\.views"):
        batches(Rows(some, some, PAIR), 3).batch(0)
    rows = Rows(some, some, replace(PAIR, negatives=()))
    batch = batches(rows, 3).batch(0)
    alone = batch.rows.tolist().index(2)
    assert [view.texts[alone] for view in batch.views] == ["a", "b", "b", "b"]
    assert batch.views[3].identity[alone] == batch.views[1].identity[alone]  # by which objectives mask it


def test_a_positive_among_rows_without_is_named():
    with pytest.raises(DataError, match="row 1: found a positive, but rows, row 0 has none"):
        batches(Rows(Example(0, "a"), Example(0, "a", ("b",))), 2).batch(0)


def test_fewer_than_two_rows_are_refused():
    with pytest.raises(DataError, match="rows, row 0: found 1 rows of data; contrast needs at least 2"):
        batches(anchors(1), 4)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="batch_size must be at least 2 rows, found 1"):
        batches(anchors(4), 1)
    with pytest.raises(ValueError, match="at least one view"):
        Batches(anchors(4), (), tokenize, 2, seed=0)
    with pytest.raises(ValueError, match=r"rank must lie in 0 … 1, found 2"):
        batches(anchors(4), 2).batch(0, rank=2, ranks=2)
    with pytest.raises(ValueError, match="step must be 0 or more, found -1"):
        batches(anchors(4), 2).rows(-1)


def test_shared_triplets_make_batches_of_three_views(shared_data):
    source = JsonLines(str(shared_data / "nli" / "cad-dev-triplets.jsonl"), negative="negative")
    batch = batches(source, 64).batch(3)
    assert [view.role for view in batch.views] == [Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE]
    assert len(batch.rows) == 197 - 3 * 64


def test_labels_travel_with_their_rows_and_every_row_needs_one():
    source = Rows(*(Example(0, f"text {row}", label=row % 3) for row in range(9)))
    batch = batches(source, 9).batch(0)
    assert batch.labels.tolist() == (batch.rows % 3).tolist()
    assert batch.labels.dtype == np.int64
    assert batches(anchors(4), 2).batch(0).labels is None
    mixed = Rows(Example(0, "a", label=1), Example(0, "b"))
    with pytest.raises(DataError, match="no label, but rows, row 0 has one; give every row a label"):
        batches(mixed, 2).batch(0)


def test_a_batch_holds_several_rows_of_each_of_its_labels_when_asked():
    source = Rows(*(Example(0, f"text {row}", label=row % 10) for row in range(40)))
    made = Batches(source, default_views(source[0]), tokenize, 8, 17, order=LabelGroups(source, 4, 17))
    for step in range(2 * made.steps_per_epoch):
        labels = made.rows(step) % 10
        assert sorted(np.unique(labels, return_counts=True)[1].tolist()) == [4, 4]
    epochs = [np.concatenate([made.rows(5 * epoch + step) for step in range(5)]).tolist() for epoch in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(40))
    assert epochs[0] != epochs[1]


def test_views_carry_their_augmented_texts():
    source = anchors(5)
    batch = Batches(source, CROPS, tokenize, 5, 17).batch(0)
    assert [len(text.split()) for text in batch.views[0].texts] == [3] * 5
    assert all(len(ids) == 1 + len(text.split()) for view in batch.views
               for ids, text in zip(view.tokens.ids, view.texts, strict=True))  # fmt: skip
