"""What every input augmentation of `textcl.augment.__all__` owes."""

import copy
import pickle
import random

import numpy as np
import pytest

from textcl import augment
from textcl.recipe.components import INPUT_AUGMENTATION
from textcl.types.batches import InputAugmentation, InputSequence, Kept

AUGMENTATIONS = {name: getattr(augment, name) for name in INPUT_AUGMENTATION.names()}
WIDTH = 10
LENGTHS = (0, 1, 2, 7, 30)  # tokens of the text, between special tokens


@pytest.fixture(params=AUGMENTATIONS.values(), ids=AUGMENTATIONS.keys())
def augmentation(request: pytest.FixtureRequest) -> InputAugmentation:
    return request.param()


def sequence(length: int) -> InputSequence:
    """[CLS], two tokens of a prompt, the text, [SEP]; every id comes once."""
    is_text = np.array([False] * 3 + [True] * length + [False])
    kept = Kept(np.ones(len(is_text), dtype=np.bool_), np.ones(WIDTH, dtype=np.bool_))
    return InputSequence(np.arange(100, 100 + len(is_text)), is_text, kept)


def plain(sequence: InputSequence) -> list[list[int]]:
    arrays = (sequence.ids, sequence.is_text, sequence.kept.tokens, sequence.kept.features)
    return [array.tolist() for array in arrays]


def made(augmentation: InputAugmentation, seeds: int = 50) -> list[tuple[InputSequence, InputSequence]]:
    """Sequences of every length and what became of them, over many seeds."""
    before = [sequence(length) for length in LENGTHS]
    return [(one, augmentation.change(one, random.Random(seed))) for one in before for seed in range(seeds)]


def test_the_same_random_numbers_give_the_same_sequence(augmentation: InputAugmentation):
    assert [plain(after) for _, after in made(augmentation)] == [plain(after) for _, after in made(augmentation)]


def test_other_random_numbers_give_other_sequences(augmentation: InputAugmentation):
    assert len({str(plain(augmentation.change(sequence(30), random.Random(seed)))) for seed in range(20)}) > 1


def test_what_it_is_given_stays_as_it_was(augmentation: InputAugmentation):
    given = sequence(7)
    before = copy.deepcopy(given)
    assert plain(augmentation.change(given, random.Random(1))) != plain(given)
    assert plain(given) == plain(before)


def test_special_tokens_and_the_prompt_are_neither_moved_nor_cut(augmentation: InputAugmentation):
    for before, after in made(augmentation):
        assert after.ids[~before.is_text].tolist() == before.ids[~before.is_text].tolist()
        assert after.kept.tokens[~before.is_text].all()
        assert after.is_text.tolist() == before.is_text.tolist()


def test_a_sequence_keeps_its_tokens_and_its_width(augmentation: InputAugmentation):
    for before, after in made(augmentation):
        assert sorted(after.ids) == sorted(before.ids)
        assert after.kept.tokens.shape == after.ids.shape
        assert after.kept.features.shape == (WIDTH,)


def test_some_token_of_a_text_and_some_feature_always_stay(augmentation: InputAugmentation):
    for before, after in made(augmentation):
        assert after.kept.tokens[after.is_text].any() or not before.is_text.any()
        assert after.kept.features.any()


def test_a_sequence_without_text_is_left_alone(augmentation: InputAugmentation):
    for seed in range(20):
        assert plain(augmentation.change(sequence(0), random.Random(seed))) == plain(sequence(0))


def test_what_an_earlier_one_has_cut_stays_cut(augmentation: InputAugmentation):
    given = sequence(30)
    given.kept.tokens[5:9] = False
    given.kept.features[:2] = False
    cut = set(given.ids[5:9])
    for seed in range(20):
        after = augmentation.change(given, random.Random(seed))
        assert cut <= set(after.ids[~after.kept.tokens])
        assert not after.kept.features[:2].any()


def test_global_random_state_is_left_alone(augmentation: InputAugmentation):
    python, numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002 (the state under test)
    made(augmentation, seeds=3)
    assert random.getstate() == python
    assert (np.random.get_state()[1] == numpy).all()  # noqa: NPY002 (the state under test)


def test_it_survives_pickling(augmentation: InputAugmentation):
    again = pickle.loads(pickle.dumps(augmentation))  # noqa: S301 (our own bytes)
    assert plain(again.change(sequence(30), random.Random(5))) == plain(
        augmentation.change(sequence(30), random.Random(5))
    )


def test_the_list_is_not_empty():
    assert {"FeatureCutoff", "TokenCutoff", "TokenShuffle"} <= set(AUGMENTATIONS)
