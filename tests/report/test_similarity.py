"""Histograms of cosines, and how often a positive beats a random pair."""

import numpy as np
import pytest

from textcl.report.page_data import shown, similarities


def test_closer_is_the_share_of_all_comparisons_that_a_positive_wins() -> None:
    rng = np.random.default_rng(3)
    positives, randoms = np.round(rng.uniform(0, 1, 40), 1), np.round(rng.uniform(-1, 1, 30), 1)  # with ties
    wins = [(p > r) + (p == r) / 2 for p in positives for r in randoms]
    assert similarities(positives, randoms).closer == pytest.approx(sum(wins) / len(wins))


def test_every_cosine_is_counted_also_those_that_rounding_put_beyond_1() -> None:
    found = similarities(np.array([1 + 1e-7, 1.0, -1.0]), np.array([-1 - 1e-7]))
    assert (found.positives[-1], found.positives[0], found.randoms[0]) == (2, 1, 1)


def test_without_pairs_nothing_is_closer() -> None:
    assert similarities(np.zeros(0), np.ones(3)).closer is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines\u2028and\tmore", "two lines and more"),
        ("a\x00b\x1bc\x85d", "a b c d"),
        ("half of a pair \ud83d", "half of a pair ?"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("字" * 300, "字" * 239 + "…"),
    ],
)
def test_texts_are_shown_on_one_line_of_at_most_240_characters(text: str, line: str) -> None:
    assert shown(text) == line
