"""FeatureCutoff sets some features of the word embeddings to zero, in all tokens of a text."""

import random
from collections import Counter

import pytest

from tests.augment.sequences import sequence
from textcl.augment.cutoff import FeatureCutoff


def cut(rate: float, features: int, seed: int = 0) -> list[int]:
    after = FeatureCutoff(rate).change(sequence(3, features), random.Random(seed))
    assert after.ids.tolist() == sequence(3).ids.tolist()
    assert after.kept.tokens.all()
    return (~after.kept.features).nonzero()[0].tolist()


@pytest.mark.parametrize(
    ("rate", "features", "count"), [(0.2, 10, 2), (0.2, 384, 77), (0.0, 10, 0), (0.99, 10, 9), (0.99, 1, 0)]
)
def test_the_share_of_the_features_is_cut_and_one_stays(rate: float, features: int, count: int):
    assert {len(cut(rate, features, seed)) for seed in range(20)} == {count}


def test_a_second_cutoff_draws_among_the_features_that_the_first_has_left():
    rng = random.Random(1)
    after = FeatureCutoff(0.5).change(FeatureCutoff(0.5).change(sequence(3, 8), rng), rng)
    assert (~after.kept.features).sum() == 6


def test_every_feature_is_cut_equally_often():
    drawn = Counter(feature for seed in range(500) for feature in cut(0.2, 10, seed))
    assert set(drawn) == set(range(10))
    assert min(drawn.values()) > 65  # 100 expected; 65 is 3.9 standard deviations away


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate: float):
    with pytest.raises(ValueError, match=r"rate: found .*, but it must be at least 0 and below 1"):
        FeatureCutoff(rate)
