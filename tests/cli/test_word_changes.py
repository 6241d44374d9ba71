"""Two texts as one line."""

import pytest

from textcl.cli.check import word_changes


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a big dog", "a large dog", "a [-big-] {+large+} dog"),
        ("a big dog", "a big dog", "a big dog"),
        ("a big dog runs", "big dog", "[-a-] big dog [-runs-]"),
        ("dog", "dog dog", "dog {+dog+}"),
        ("a  dog", "a dog\n", "a dog"),
        ("我今天去看足球。", "我去看大足球。", "我 [-今天-] 去看 {+大+} 足球。"),
    ],
)
def test_words_that_go_and_come_are_marked(before: str, after: str, shown: str):
    assert word_changes(before, after) == shown


def test_the_middle_of_a_long_stretch_is_left_out():
    words = [str(number) for number in range(40)]
    assert word_changes(" ".join(words), " ".join(words[30:33])) == (
        "[-0 1 2 3 4 5 … 24 25 26 27 28 29-] 30 31 32 [-33 34 35 36 37 38 39-]"
    )


def test_a_long_text_is_compared_to_a_bound_and_says_so():
    assert word_changes("a " * 401, "a " * 401).endswith("a a …")
    assert word_changes("x" * 1000, "y") == f"[-{'x' * 80}…-] {{+y+}}"
