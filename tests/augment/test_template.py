"""Template puts a text into a sentence."""

import random

import pytest

from textcl.augment.template import Template


def test_the_text_stands_in_its_place():
    assert Template()("A dog. ", random.Random(0)) == 'This sentence of "A dog." means something.'


def test_braces_of_text_and_template_mean_nothing():
    assert Template("{x} {text}")("{text} {0}", random.Random(0)) == "{x} {text} {0}"


@pytest.mark.parametrize("template", ["", "no position", "{text} {text}"])
def test_a_template_without_one_position_is_refused(template: str):
    with pytest.raises(ValueError, match=r"template: found .*, but \{text\} must stand in it once"):
        Template(template)
