"""What augmentations do to words."""

import pytest

from textcl.augment.words import bare, check_shares, in_case_of


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ('("big",', ('("', "big", '",')),
        ("don't", ("", "don't", "")),
        ("3.5", ("", "3.5", "")),
        ("50%", ("", "50%", "")),
        ("#tag", ("", "#tag", "")),
        (".5", ("", ".5", "")),
        ("...", ("", "...", "")),
        ("「本」。", ("「", "本", "」。")),
        ("", ("", "", "")),
    ],
)
def test_marks_are_taken_from_the_edges_of_a_word(word: str, parts: tuple[str, str, str]):
    assert bare(word) == parts


def test_a_word_takes_over_capitals():
    assert [in_case_of("large dog", other) for other in ("big", "Big", "BIG", "I", "3")] == [
        "large dog",
        "Large dog",
        "LARGE DOG",
        "Large dog",
        "large dog",
    ]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_beyond_0_and_1_is_refused(share: float):
    with pytest.raises(ValueError, match=r"^rate: found .*, but it must be from 0 to 1"):
        check_shares(p=0.5, rate=share)
