"""TokenCutoff sets the word embeddings of some tokens to zero."""

import random
from collections import Counter

import pytest

from tests.augment.sequences import sequence
from textcl.augment.cutoff import TokenCutoff


def cut(rate: float, length: int, seed: int = 0) -> list[int]:
    after = TokenCutoff(rate).change(sequence(length), random.Random(seed))
    assert after.ids.tolist() == sequence(length).ids.tolist()
    assert after.kept.features.all()
    return after.ids[~after.kept.tokens].tolist()


@pytest.mark.parametrize(
    ("rate", "length", "count"),
    [(0.15, 20, 3), (0.15, 4, 1), (0.15, 3, 0), (0.5, 10, 5), (0.99, 10, 9), (0.99, 1, 0), (0.99, 0, 0), (0.0, 50, 0)],
)
def test_the_share_of_the_text_is_cut_and_one_token_stays(rate: float, length: int, count: int):
    assert {len(cut(rate, length, seed)) for seed in range(20)} == {count}


def test_a_second_cutoff_draws_among_the_tokens_that_the_first_has_left():
    for seed in range(20):
        rng = random.Random(seed)
        after = TokenCutoff(0.5).change(TokenCutoff(0.5).change(sequence(8), rng), rng)
        assert (~after.kept.tokens).sum() == 6
        short = TokenCutoff(0.5).change(TokenCutoff(0.5).change(sequence(2), rng), rng)
        assert (~short.kept.tokens).sum() == 1


def test_every_token_is_cut_equally_often():
    drawn = Counter(token for seed in range(500) for token in cut(0.2, 10, seed))
    assert set(drawn) == set(range(1, 11))
    assert min(drawn.values()) > 65  # 100 expected; 65 is 3.9 standard deviations away


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate: float):
    with pytest.raises(ValueError, match=r"rate: found .*, but it must be at least 0 and below 1"):
        TokenCutoff(rate)
