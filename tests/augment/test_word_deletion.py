"""WordDeletion leaves words out."""

import random
from collections import Counter

from textcl.augment.word_deletion import WordDeletion

TEXT = "zero one two three four five six seven eight nine"


def test_each_word_goes_as_often_as_the_rate_says_and_the_rest_keep_their_order():
    left = Counter[str]()
    for seed in range(1000):
        kept = WordDeletion(0.3)(TEXT, random.Random(seed)).split()
        assert kept == [word for word in TEXT.split() if word in kept]
        left.update(kept)
    assert all(630 < left[word] < 770 for word in TEXT.split())  # 700 expected; 70 is 4.8 standard deviations


def test_at_a_rate_of_1_one_word_stays_any_of_them():
    assert {WordDeletion(1.0)("a b c", random.Random(seed)) for seed in range(50)} == {"a", "b", "c"}


def test_a_word_goes_with_the_white_space_before_it():
    made = {WordDeletion(0.5)(" a\tb\nc ", random.Random(seed)) for seed in range(100)}
    assert made == {" a\tb\nc ", " a\tb ", " a\nc ", " b\nc ", " a ", " b ", " c "}


def test_a_single_word_stays():
    assert WordDeletion(1.0)(" word\n", random.Random(0)) == " word\n"
