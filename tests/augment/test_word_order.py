"""WordSwap and WordShuffle move words."""

import random

import pytest

from textcl.augment.word_shuffle import WordShuffle
from textcl.augment.word_swap import WordSwap

WORDS = [str(number) for number in range(20)]
TEXT = " ".join(WORDS)


def moved(made: str) -> list[int]:
    """How far each word has moved; all must be there."""
    words = made.split()
    assert sorted(words) == sorted(WORDS)
    return [abs(words.index(word) - position) for position, word in enumerate(WORDS)]


def test_a_swap_moves_two_words():
    for seed in range(50):
        assert sum(map(bool, moved(WordSwap(0.05)(TEXT, random.Random(seed))))) == 2


def test_above_0_even_a_short_text_has_a_swap():
    assert WordSwap(0.01)("a  b", random.Random(0)) == "b  a"


def test_there_are_as_many_swaps_as_the_rate_says():
    most = max(sum(map(bool, moved(WordSwap(0.25)(TEXT, random.Random(seed))))) for seed in range(100))
    assert most == 10  # five swaps of other words each


def test_a_shuffled_word_is_never_further_away_than_the_distance():
    for distance in (1, 2, 5):
        far = [max(moved(WordShuffle(distance)(TEXT, random.Random(seed)))) for seed in range(300)]
        assert max(far) == distance


def test_a_large_distance_reaches_every_order():
    assert len({WordShuffle(9)("a b c", random.Random(seed)) for seed in range(100)}) == 6


def test_white_space_stays_where_it_is():
    assert {WordShuffle(1)(" a\tb\n", random.Random(seed)) for seed in range(30)} == {" a\tb\n", " b\ta\n"}


def test_a_distance_below_0_is_refused():
    with pytest.raises(ValueError, match="distance: found -1"):
        WordShuffle(-1)
