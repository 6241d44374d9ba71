"""Passages of a long text: by hand, and what holds of any text."""

import random
import re
from itertools import pairwise

import pytest

from textcl.text.passages import passages


def words_of(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def cut(text: str, size: int, overlap: int = 0) -> list[str]:
    return [text[start:stop] for start, stop in passages(text, words_of(text), size, overlap)]


@pytest.mark.parametrize(
    ("text", "size", "overlap", "expected"),
    [
        ("A cat. A dog.", 6, 0, ["A cat. A dog."]),  # it fits
        ("A cat. A dog.", 5, 0, ["A cat.", "A dog."]),
        ("A cat. A dog. A cow.", 6, 3, ["A cat. A dog.", "A dog. A cow."]),  # a whole sentence is repeated
        ('He said "no." She left it.', 8, 0, ['He said "no."', "She left it."]),  # what closes a sentence stays with it
        ("one two three four five", 2, 1, ["one two", "two three", "three four", "four five"]),
        ("one two three four five", 2, 0, ["one two", "three four", "five"]),
        ("a first line\nand a second one", 4, 0, ["a first line", "and a second one"]),
        ("一。二。三。", 4, 0, ["一。二。", "三。"]),
        ("A b c d e. F g h.", 8, 0, ["A b c d e.", "F g h."]),
        ("", 3, 0, [""]),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, size: int, overlap: int, expected: list[str]) -> None:
    assert cut(text, size, overlap) == expected


def test_a_word_of_several_tokens_is_not_cut_unless_it_must_be() -> None:
    letters = [(place, place + 1) for place in range(11) if place != 5]  # abcde fghij: a token a letter
    found = passages("abcde fghij", letters, 6, 0)
    assert found == [(0, 5), (6, 11)]
    assert passages("abcdefgh", [(place, place + 1) for place in range(8)], 3, 0) == [(0, 3), (3, 6), (6, 8)]


@pytest.mark.parametrize("seed", range(30))
def test_of_any_text_every_token_is_in_a_passage_none_is_too_long_and_no_overlap_too_large(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice(["word ", "a", "b ", "long ", ". ", "! ", "\n", "? ", "x.y "]) for _ in range(120))
    tokens, size = words_of(text), rng.randint(1, 20)
    overlap = rng.randint(0, size // 2)
    found = passages(text, tokens, size, overlap)
    inside = [
        [number for number, (start, stop) in enumerate(tokens) if begin <= start and stop <= end]
        for begin, end in found
    ]
    assert sorted({number for own in inside for number in own}) == list(range(len(tokens)))
    assert max(map(len, inside)) <= size
    for before, after in pairwise(inside):
        assert len(set(before) & set(after)) <= overlap
        assert after[0] > before[0]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (4, 3), (4, -1)])
def test_an_overlap_of_more_than_half_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="may repeat"):
        passages("a b c", words_of("a b c"), size, overlap)
