"""CaseNoise and PunctuationNoise change how a text is written."""

import random
from typing import Any

import pytest

from textcl.augment.case_noise import CaseNoise
from textcl.augment.punctuation_noise import PunctuationNoise


def cased(text: str, *cases: Any, rate: float = 1.0) -> set[str]:
    return {CaseNoise(rate, cases)(text, random.Random(seed)) for seed in range(100)}


def marked(text: str, drop: float, insert: float) -> set[str]:
    return {PunctuationNoise(drop, insert)(text, random.Random(seed)) for seed in range(300)}


def test_a_word_gets_a_case_that_it_does_not_have():
    assert cased("dog", "lower", "upper", "capital") == {"DOG", "Dog"}
    assert cased("Dog", "lower", "upper", "capital") == {"dog", "DOG"}
    assert cased("A Dog RUNS", "lower") == {"a dog runs"}


def test_the_capital_is_that_of_the_first_letter_behind_marks():
    assert cased('"Hello (NASA) *world* ¿qué 1st 3D', "capital") == {'"Hello (Nasa) *World* ¿Qué 1st 3d'}
    assert cased("-- 👍 ...", "capital") == {"-- 👍 ..."}


def test_what_has_no_case_stays():
    assert cased(" 42 日本語\n👍", "lower", "upper", "capital") == {" 42 日本語\n👍"}


def test_words_change_each_by_itself():
    assert cased("a b", "upper", rate=0.5) == {"a b", "A b", "a B", "A B"}


def test_no_cases_are_refused():
    with pytest.raises(ValueError, match="cases: found none"):
        CaseNoise(cases=())


def test_marks_at_the_edges_of_words_are_dropped_and_no_others():
    assert marked('He said: "it\'s 3.5%," (no!) -- #1', 1.0, 0.0) == {"He said it's 3.5% no -- #1"}


def test_each_mark_is_dropped_by_itself():
    assert marked("what?!", 0.5, 0.0) == {"what?!", "what?", "what!", "what"}


def test_marks_are_put_behind_words_without_one():
    assert marked("yes\tno.", 0.0, 1.0) == {f"yes{mark}\tno." for mark in ".,;:?!"}
