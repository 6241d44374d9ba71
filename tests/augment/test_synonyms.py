"""Synonyms takes words of WordNet."""

import random
from pathlib import Path

import pytest

from tests.wordnet_sample import write_wordnet
from textcl.augment.synonyms import Synonyms
from textcl.errors import DataError


@pytest.fixture
def synonyms(tmp_path: Path) -> Synonyms:
    return Synonyms(1.0, str(write_wordnet(tmp_path)))


def made(synonyms: Synonyms, text: str) -> set[str]:
    return {synonyms(text, random.Random(seed)) for seed in range(60)}


def test_a_word_becomes_another_of_its_most_usual_sense(synonyms: Synonyms):
    assert made(synonyms, "the dog") == {"the domestic dog"}  # neither frump nor chase, nor Canis familiaris
    assert made(synonyms, "a car") == {"a auto", "a automobile", "a motorcar"}


def test_capitals_marks_and_white_space_stay(synonyms: Synonyms):
    assert made(synonyms, 'Quickly,\n "big" (run)!') == {'Rapidly,\n "large" (race)!'}


@pytest.mark.parametrize("text", ["dogs", "he", "a Dog", "日本", "the CAR"])
def test_inflected_words_short_ones_and_names_stay(synonyms: Synonyms, text: str):
    assert made(synonyms, text) == {text}


def test_words_are_replaced_as_often_as_the_rate_says(synonyms: Synonyms):
    often = Synonyms(0.25, synonyms.folder)
    changed = sum(often("big", random.Random(seed)) == "large" for seed in range(1000))
    assert 195 < changed < 305  # 250 expected; 55 is 4 standard deviations


def test_without_wordnet_it_says_how_to_install_it(tmp_path: Path):
    with pytest.raises(DataError, match="apt-get install wordnet-base"):
        Synonyms(folder=str(tmp_path / "nothing"))
