"""A text as words and white space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcl.augment.words import bare, check_shares, in_case_of, join_words, split_words
from textcl.unspaced import has_unspaced


def test_words_stand_between_stretches_of_white_space():
    assert split_words(" two \t words\n") == (["two", "words"], [" ", " \t ", "\n"])
    assert split_words("word") == (["word"], ["", ""])


@given(st.text())
def test_a_text_is_its_words_and_gaps(text: str):
    words, gaps = split_words(text)
    assert join_words(words, gaps) == text
    assert len(gaps) == len(words) + 1
    assert [part for word in words for part in word.split()] == words
    assert has_unspaced(text) or words == text.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我爱Python编程《真的》。", "我 爱 Python 编 程 《真 的》。"),
        ("日本語のテキスト", "日 本 語 の テ キ ス ト"),
        ("สวัสดี ครับ", "ส วั ส ดี ค รั บ"),
        ("한국어 문장", "한국어 문장"),  # Korean has blanks
        ("…本", "… 本"),
        ("(本)", "(本)"),
    ],
)
def test_in_scripts_without_blanks_each_character_with_its_marks_is_a_word(text: str, words: str):
    assert split_words(text)[0] == words.split()


def test_a_long_row_of_brackets_takes_no_square_of_the_time():
    assert split_words("(" * 1_000_000)[0] == ["(" * 1_000_000]


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
