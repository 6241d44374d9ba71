"""What every text augmentation of `textcl.augment.__all__` owes."""

import pickle
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.augmentations import CASES, PLAIN
from textcl import augment
from textcl.recipe.components import AUGMENTATION, INPUT_AUGMENTATION
from textcl.types.text import Augmentation

TEXTS = (
    "word",
    "two words",
    "A man, a plan -- a canal: Panama!",
    "日本語 の テキスト",
    "日本語のテキスト。",
    "cafe\u0301 nai\u0308ve e\u0301e\u0301",
    "👩‍👩‍👧 👍🏽 ok",
    "... !!! ?",
    "x",
    " spaced \t out\n",
    "x " * 200,
    PLAIN,
)
SOME_WORDS = st.sampled_from([*PLAIN.split(), "Dog,", "…", "日本", "e\u0301", "👍🏽", "\n", "\t", "(big)"])
ANY_TEXT = (st.text(min_size=1, max_size=60) | st.lists(SOME_WORDS, min_size=1, max_size=30).map(" ".join)).filter(
    str.strip
)
FOLDERS: dict[str, Path] = {}


@pytest.fixture(scope="module", autouse=True)
def folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder for each case, so that each is made once."""
    FOLDERS.update({name: tmp_path_factory.mktemp("case") for name in CASES})


@cache
def made(name: str) -> Augmentation:
    return CASES[name].make(FOLDERS[name])


@pytest.fixture(params=CASES)
def augmentation(request: pytest.FixtureRequest) -> Augmentation:
    return made(request.param)


def test_the_same_random_numbers_give_the_same_text(augmentation: Augmentation):
    for text in TEXTS:
        for seed in range(10):
            assert augmentation(text, random.Random(seed)) == augmentation(text, random.Random(seed))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.draws])
def test_other_random_numbers_give_other_texts(name: str):
    assert len({made(name)(PLAIN, random.Random(seed)) for seed in range(20)}) > 1


def test_a_text_never_becomes_empty(augmentation: Augmentation):
    for text in TEXTS:
        assert all(augmentation(text, random.Random(seed)).strip() for seed in range(20))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25)
@given(text=ANY_TEXT, seed=st.integers(0, 2**31))
def test_any_text_becomes_one_that_is_not_empty_and_the_same_again(name: str, text: str, seed: int):
    after = made(name)(text, random.Random(seed))
    assert after.strip()
    assert after == made(name)(text, random.Random(seed))
    after.encode()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.idle])
@settings(max_examples=20)
@given(text=ANY_TEXT, seed=st.integers(0, 2**31))
def test_a_rate_of_0_leaves_a_text_as_it_is_white_space_and_all(name: str, text: str, seed: int):
    assert idle(name)(text, random.Random(seed)) == text


@cache
def idle(name: str) -> Augmentation:
    make = CASES[name].idle
    assert make is not None
    return make(FOLDERS[name])


def test_a_text_of_a_hundred_thousand_words_takes_no_square_of_the_time(augmentation: Augmentation):
    text = PLAIN * 5000
    assert augmentation(text, random.Random(3)).strip()  # where time grew with the square it would be minutes


def test_global_random_state_is_left_alone(augmentation: Augmentation):
    python, numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002 (the state under test)
    pytorch = torch.get_rng_state()
    for text in TEXTS:
        augmentation(text, random.Random(3))
    assert random.getstate() == python
    assert (np.random.get_state()[1] == numpy).all()  # noqa: NPY002 (the state under test)
    assert torch.equal(torch.get_rng_state(), pytorch)


def test_opening_leaves_global_random_state_alone(tmp_path: Path):
    for case in CASES.values():
        augmentation, pytorch = case.make(tmp_path), torch.get_rng_state()
        augmentation(PLAIN, random.Random(3))
        assert torch.equal(torch.get_rng_state(), pytorch)


def test_it_survives_pickling(augmentation: Augmentation):
    again = pickle.loads(pickle.dumps(augmentation))  # noqa: S301 (our own bytes)
    for text in TEXTS:
        assert again(text, random.Random(5)) == augmentation(text, random.Random(5))


def test_a_pickle_holds_no_tables_and_no_weights(augmentation: Augmentation):
    augmentation(PLAIN, random.Random(5))
    assert len(pickle.dumps(augmentation)) < 1000


def test_every_augmentation_is_under_contract():
    tested = {type(made(name)).__name__ for name in CASES}
    assert tested == set(AUGMENTATION.names())


def test_the_list_is_not_empty_and_every_name_is_of_one_kind():
    assert CASES
    assert sorted([*AUGMENTATION.names(), *INPUT_AUGMENTATION.names()]) == augment.__all__


def test_a_case_that_draws_nothing_is_found_out():
    assert len({made("Template")(PLAIN, random.Random(seed)) for seed in range(20)}) == 1
