"""TokenShuffle puts the tokens of a text in a random order."""

import random
from collections import Counter

from tests.augment.sequences import sequence
from textcl.augment.token_shuffle import TokenShuffle


def test_every_order_comes_equally_often_between_the_special_tokens():
    drawn = Counter(tuple(TokenShuffle().change(sequence(3), random.Random(seed)).ids.tolist()) for seed in range(600))
    assert set(drawn) == {
        (0, *order, 0) for order in [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)]
    }
    assert min(drawn.values()) > 65  # 100 expected; 65 is 3.8 standard deviations away


def test_a_token_that_was_cut_takes_its_cut_along():
    given = sequence(9)
    given.kept.tokens[4] = False
    for seed in range(20):
        after = TokenShuffle().change(given, random.Random(seed))
        assert after.ids[~after.kept.tokens].tolist() == [4]
