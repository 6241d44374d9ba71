"""What every text augmentation of `textcl.augment.__all__` owes."""

import pickle
import random

import numpy as np
import pytest

from textcl import augment
from textcl.recipe.rooms import AUGMENTATION, INPUT_AUGMENTATION
from textcl.types import Augmentation

TEXTS = ("word", "two words", "A man, a plan -- a canal: Panama!", "日本語 の テキスト", " spaced \t out\n", "x " * 200)
AUGMENTATIONS = {name: getattr(augment, name) for name in AUGMENTATION.names()}


@pytest.fixture(params=AUGMENTATIONS.values(), ids=AUGMENTATIONS.keys())
def augmentation(request: pytest.FixtureRequest) -> Augmentation:
    return request.param()


def test_the_same_random_numbers_give_the_same_text(augmentation: Augmentation):
    for text in TEXTS:
        for seed in range(10):
            assert augmentation(text, random.Random(seed)) == augmentation(text, random.Random(seed))


def test_other_random_numbers_give_other_texts(augmentation: Augmentation):
    text = " ".join(str(number) for number in range(30))
    assert len({augmentation(text, random.Random(seed)) for seed in range(20)}) > 1


def test_a_text_never_becomes_empty(augmentation: Augmentation):
    for text in TEXTS:
        assert all(augmentation(text, random.Random(seed)).strip() for seed in range(50))


def test_global_random_state_is_left_alone(augmentation: Augmentation):
    python, numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002 (the state under test)
    for text in TEXTS:
        augmentation(text, random.Random(3))
    assert random.getstate() == python
    assert (np.random.get_state()[1] == numpy).all()  # noqa: NPY002 (the state under test)


def test_it_survives_pickling(augmentation: Augmentation):
    again = pickle.loads(pickle.dumps(augmentation))  # noqa: S301 (our own bytes)
    assert again(TEXTS[2], random.Random(5)) == augmentation(TEXTS[2], random.Random(5))


def test_the_list_is_not_empty_and_every_name_is_of_one_kind():
    assert AUGMENTATIONS
    assert sorted([*AUGMENTATIONS, *INPUT_AUGMENTATION.names()]) == augment.__all__
