"""OneOf, Sometimes and Chain combine augmentations."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from textcl.augment.adjacent_span import AdjacentSpan
from textcl.augment.composed import Chain, OneOf, Sometimes
from textcl.errors import DataError


def upper(text: str, rng: random.Random) -> str:
    return text.upper()


def tagged(text: str, rng: random.Random) -> str:
    return f"{text}{rng.randrange(10)}"


class Picky:
    def __call__(self, text: str, rng: random.Random) -> str:
        return text

    def check(self, texts: Sequence[str]) -> None:
        raise DataError(f"none of {len(texts)}")


def test_a_chain_goes_through_all_in_order():
    made = {Chain([tagged, upper, tagged])("a", random.Random(seed)) for seed in range(1000)}
    assert made == {f"A{number:02d}" for number in range(100)}


def test_one_of_draws_by_weight():
    made = Counter(OneOf([upper, lambda text, rng: "b"], [1.0, 3.0])("a", random.Random(seed)) for seed in range(1000))
    assert set(made) == {"A", "b"}
    assert 195 < made["A"] < 305  # 250 expected; 55 is 4 standard deviations


def test_one_of_draws_all_alike_without_weights():
    made = Counter(OneOf([upper, lambda text, rng: "b"])("a", random.Random(seed)) for seed in range(1000))
    assert 437 < made["A"] < 563


def test_sometimes_draws_by_its_probability():
    made = Counter(Sometimes(upper, p=0.25)("a", random.Random(seed)) for seed in range(1000))
    assert 195 < made["A"] < 305


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]):
    with pytest.raises(ValueError, match=r"weights: found \[.*\], but there must be 2"):
        OneOf([upper, tagged], weights)


def test_nothing_to_combine_is_refused():
    for combined in (Chain, OneOf):
        with pytest.raises(ValueError, match="of: found no augmentation"):
            combined([])
    with pytest.raises(ValueError, match="of: found 'Typos', but it must be an augmentation: a mapping with `use:`"):
        Chain(["Typos"])


def test_one_alone_where_a_list_is_wanted_is_refused():
    for combined in (Chain, OneOf):
        with pytest.raises(ValueError, match=r"of: found .* alone, but it must be a list of augmentations"):
            combined(upper)


def test_one_that_shares_its_draw_is_refused_inside():
    span = AdjacentSpan("anchor")
    for make in (lambda: OneOf([upper, span]), lambda: Sometimes(span), lambda: Chain([span])):
        with pytest.raises(ValueError, match=r"of: found AdjacentSpan, .* Name it first in the view's own `augment`"):
            make()


def test_what_is_inside_sees_the_texts_of_a_run():
    for combined in (OneOf([upper, Chain([Picky()])]), Sometimes(Picky())):
        with pytest.raises(DataError, match="none of 3"):
            combined.check(["a", "b", "c"])
    Chain([upper]).check(["a"])
