"""Typos makes slips of the fingers."""

import random
from typing import Any

import pytest

from textcl.augment.typos import _NEIGHBOURS, Typos


def made(text: str, *slips: Any, rate: float = 1.0, seeds: int = 200) -> set[str]:
    return {Typos(rate, slips)(text, random.Random(seed)) for seed in range(seeds)}


def test_keys_have_the_neighbours_that_they_have_on_a_keyboard():
    assert {key: "".join(sorted(_NEIGHBOURS[key])) for key in "qashm"} == {
        "q": "aw",
        "a": "qswz",
        "s": "adewxz",
        "h": "bgjnuy",
        "m": "jkn",
    }


def test_each_slip_by_hand():
    assert made("ab", "swap") == {"ba"}
    assert made("ab", "drop") == {"b"}
    assert made("ab", "double") == {"aabb"}
    assert made("q", "neighbour") == {"a", "w"}


def test_a_swap_and_a_drop_need_a_letter_behind():
    assert made("a", "swap", "drop") == {"a"}
    assert made("a1b c", "swap", "drop") == {"a1b c"}
    assert made("abcde", "drop") == {"bde"}  # what follows a dropped letter stays


def test_case_is_kept():
    assert made("Q", "neighbour") == {"A", "W"}
    assert made("Ab", "swap") == {"bA"}


@pytest.mark.parametrize("text", ["日本語 42 👍🏽 …", "e\u0301", "éüñ", "привет"])
def test_what_has_no_key_or_carries_a_mark_stays(text: str):
    assert made(text, "neighbour", "swap", "drop", "double") == {text}


def test_the_rate_is_that_of_letters():
    slipped = sum(len(Typos(0.1, ("double",))("x" * 100, random.Random(seed))) - 100 for seed in range(100))
    assert 880 < slipped < 1120  # of 10,000 letters 1,000 are expected; 120 is 4 standard deviations


def test_unknown_slips_and_none_are_refused():
    with pytest.raises(ValueError, match=r"slips: found \['trip'\], .* neighbour, swap, drop, double"):
        Typos(slips=("trip",))
    with pytest.raises(ValueError, match="slips: found none"):
        Typos(slips=())
