"""SpanCrop keeps a contiguous span of words."""

import random

import pytest

from textcl.augment.span_crop import SpanCrop

TEXT = "zero one two three four five six seven eight nine"
WORDS = TEXT.split()


def test_a_crop_is_a_contiguous_span_of_a_length_between_low_and_high():
    crop = SpanCrop(low=0.3, high=0.6)
    lengths = set()
    for seed in range(200):
        kept = crop(TEXT, random.Random(seed)).split()
        start = WORDS.index(kept[0])
        assert kept == WORDS[start : start + len(kept)]
        lengths.add(len(kept))
    assert lengths == {3, 4, 5, 6}


def test_crops_start_at_every_word_that_leaves_room():
    crop = SpanCrop(low=0.5, high=0.5)
    starts = {crop(TEXT, random.Random(seed)).split()[0] for seed in range(300)}
    assert starts == set(WORDS[:6])


def test_a_share_of_one_keeps_all_words_and_folds_white_space():
    assert SpanCrop(low=1.0, high=1.0)(" two \t words\n", random.Random(0)) == "two words"


def test_a_text_without_blanks_is_cut_between_characters():
    text = "我今天去北京大学看了一场足球比赛。"  # 16 characters and a stop
    crops = {SpanCrop(low=0.5, high=0.5)(text, random.Random(seed)) for seed in range(100)}
    assert {len(crop.rstrip("。")) for crop in crops} == {8}
    assert all(crop in text for crop in crops)
    assert len(crops) == 9


def test_at_least_one_word_stays():
    assert SpanCrop(low=0.01, high=0.01)("two words", random.Random(0)) in {"two", "words"}


@pytest.mark.parametrize("shares", [(0.0, 1.0), (0.5, 0.4), (0.5, 1.1), (-0.1, 0.5), (float("nan"), 1.0)])
def test_shares_out_of_order_are_refused(shares: tuple[float, float]):
    with pytest.raises(ValueError, match="SpanCrop needs 0 < low ≤ high ≤ 1, found low="):
        SpanCrop(*shares)
