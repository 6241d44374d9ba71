"""The sequences of a view are changed each on its own, by draws that follow from its row alone."""

import numpy as np
import pytest

from tests.data.sources import Rows
from tests.data.tokens import tokenize as plain_tokenize
from textcl.augment.cutoff import FeatureCutoff, TokenCutoff
from textcl.augment.token_shuffle import TokenShuffle
from textcl.data.batches import Batches, change_inputs
from textcl.data.views import ViewSpec
from textcl.types.batches import InputFormat, PairBatch, Tokens
from textcl.types.text import Example, Role
from textcl.util.packing import joined, pad

CHANGED = ViewSpec(Role.POSITIVE, input=(TokenCutoff(0.4), TokenShuffle(), FeatureCutoff(0.25)))
VIEWS = (ViewSpec(Role.ANCHOR), CHANGED, CHANGED)
ROWS = Rows(*(Example(0, f"a text of {row} words and more words") for row in range(12)))
LEADING = {list(Role).index(role) + 1 for role in Role}  # the token that the tokenizer of tests puts first


def tokenize(texts: list[str], role: Role) -> Tokens:
    tokens = plain_tokenize(texts, role)
    return Tokens(tokens.ids, tokens.skipped, 0, format=InputFormat(features=8, special=frozenset(LEADING)))


def batches(seed: int = 3, batch_size: int = 5) -> Batches:
    return Batches(ROWS, VIEWS, tokenize, batch_size, seed)


def by_row(batch: PairBatch) -> dict[int, list[object]]:
    """All that a batch says of the input of each row, as plain values."""
    said: dict[int, list[object]] = {}
    for position, row in enumerate(batch.rows):
        for view in batch.views:
            kept = view.tokens.kept[position] if view.tokens.kept else None
            cut = [] if kept is None else [kept.tokens.tolist(), kept.features.tolist()]
            said.setdefault(int(row), []).append([view.tokens.ids[position].tolist(), cut])
    return said


def test_only_the_views_that_say_so_are_changed():
    batch = batches().batch(0)
    anchor, first, second = batch.views
    assert anchor.tokens.kept == ()
    assert len(first.tokens.kept) == len(second.tokens.kept) == 5
    assert all(view.identity.tolist() == anchor.identity.tolist() for view in batch.views)
    for whole, changed in zip(anchor.tokens.ids, first.tokens.ids, strict=True):
        assert sorted(whole[1:]) == sorted(changed[1:])


@pytest.mark.parametrize("ranks", [2, 3, 5])
def test_the_shares_of_all_ranks_are_changed_like_the_batch_of_one_process(ranks: int):
    made = batches()
    for step in range(2 * made.steps_per_epoch):
        shares = [by_row(made.batch(step, rank, ranks)) for rank in range(ranks)]
        together = {row: said for share in shares for row, said in share.items()}
        assert together == by_row(made.batch(step))


def test_a_row_is_changed_alike_whatever_stands_beside_it():
    small, whole = batches(batch_size=2), batches(batch_size=12)
    together = by_row(whole.batch(0))
    for step in range(small.steps_per_epoch):
        for row, said in by_row(small.batch(step)).items():
            assert said == together[row]


def test_views_epochs_and_seeds_draw_otherwise():
    made = batches(batch_size=12)
    first, epoch, seed = by_row(made.batch(0)), by_row(made.batch(1)), by_row(batches(seed=4, batch_size=12).batch(0))
    assert all(said[1] != said[2] for said in first.values())
    assert all(first[row][1] != epoch[row][1] and first[row][1] != seed[row][1] for row in first)


def test_an_empty_share_has_no_sequences():
    share = Batches(Rows(Example(0, "a"), Example(0, "b")), VIEWS, tokenize, 2, 1).batch(0, rank=2, ranks=3)
    assert [len(view.tokens) for view in share.views] == [0, 0, 0]


def test_rates_of_0_change_nothing():
    tokens = tokenize(["one two three four"] * 3, Role.ANCHOR)
    same = change_inputs(tokens, (TokenCutoff(0.0), FeatureCutoff(0.0)), range(3))
    assert same.kept == ()
    assert [ids.tolist() for ids in same.ids] == [ids.tolist() for ids in tokens.ids]


def test_the_tokens_of_a_prompt_keep_their_locations():
    ids = (np.arange(1, 9),)
    tokens = Tokens(ids, np.array([0]), 0, format=InputFormat(4, frozenset({1, 8}), prompt=3))
    (changed,) = {tuple(change_inputs(tokens, (TokenCutoff(0.9),), [seed]).ids[0].tolist()) for seed in range(5)}
    assert changed == tuple(range(1, 9))
    for seed in range(20):
        made = change_inputs(tokens, (TokenShuffle(), TokenCutoff(0.9)), [seed])
        assert made.ids[0][[0, 1, 2, 7]].tolist() == [1, 2, 3, 8]
        assert made.kept[0].tokens.tolist().count(False) == 3  # of the four tokens of the text one stays
        assert made.kept[0].tokens[[0, 1, 2, 7]].all()


def test_pools_with_and_without_cuts_are_joined():
    whole = tokenize(["one two", "three"], Role.ANCHOR)
    cut = change_inputs(tokenize(["four five six"], Role.POSITIVE), (TokenCutoff(0.5), FeatureCutoff(0.5)), [1])
    both = joined([whole, cut, whole])
    assert [kept is None for kept in both.kept] == [True, True, False, True, True]
    chunk = pad(both, np.array([1, 2]))
    assert chunk.kept_tokens.tolist() == [[True] * 4, cut.kept[0].tokens.tolist()]
    assert chunk.kept_features.tolist() == [[True] * 8, cut.kept[0].features.tolist()]
    assert pad(both, np.array([0, 1, 4])).kept_tokens is None
    assert joined([whole, whole]).kept == ()
