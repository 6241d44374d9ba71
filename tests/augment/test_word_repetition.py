"""WordRepetition says words twice."""

import random

import pytest

from textcl.augment.word_repetition import WordRepetition

TEXT = "zero one two three four five six seven eight nine"


def doubled(text: str, augmentation: WordRepetition, seed: int) -> int:
    """How many words were doubled; all words must be there, in order."""
    words, left = text.split(), augmentation(text, random.Random(seed)).split()
    assert list(dict.fromkeys(left)) == words
    assert all(left.count(word) <= 2 for word in words)
    return len(left) - len(words)


def test_any_number_of_words_up_to_the_rate_is_doubled_in_place():
    assert {doubled(TEXT, WordRepetition(0.5), seed) for seed in range(200)} == {0, 1, 2, 3, 4, 5}


def test_in_a_short_text_up_to_two_words_are():
    assert {doubled("zero one two", WordRepetition(0.1), seed) for seed in range(100)} == {0, 1, 2}


def test_a_single_word_is_doubled_or_not():
    assert {WordRepetition()("word", random.Random(seed)) for seed in range(20)} == {"word", "word word"}


def test_the_second_time_follows_a_blank_and_other_white_space_stays():
    made = {WordRepetition(1.0)(" a\n\tb ", random.Random(seed)) for seed in range(60)}
    assert made == {" a\n\tb ", " a a\n\tb ", " a\n\tb b ", " a a\n\tb b "}


def test_a_rate_beyond_1_is_refused():
    with pytest.raises(ValueError, match=r"rate: found 1\.5"):
        WordRepetition(1.5)
