"""What becomes a pair, and for which reason the rest does not; each example by hand."""

import pytest

from textcl.translate.filters import PairFilter, Refusal, loops, overlap, persons_of, words_of
from textcl.translate.round_trip import RoundTrip, Route

TEXT = "He did not see the 2 old houses in the city."


def error(text: str, translation: str | None, unknown: tuple[int, int] = (0, 0), **settings: object) -> Refusal | None:
    return PairFilter(**settings).error(text, RoundTrip(Route("es"), translation, *unknown))


@pytest.mark.parametrize(
    ("translation", "reason"),
    [
        ("He did not look at the 2 old houses in the city.", None),
        (None, Refusal.FAILED),
        ("he did not see the 2 old houses, in the city", Refusal.IDENTICAL),
        ("He did not see.", Refusal.LENGTH),
        ("", Refusal.LENGTH),
        (f"{TEXT} {TEXT}", Refusal.LENGTH),
        ("He saw the 2 old houses in the city.", Refusal.NEGATION),
        ("He didn't see the 2 old houses of the city.", None),
        ("He did not see the 3 old houses in the city.", Refusal.NUMBERS),
        ("He did not see the two old houses in the city.", Refusal.NUMBERS),
        ("It did not see the 2 old houses in the city.", Refusal.PERSONS),
        ("Did not see the 2 old houses in the city.", Refusal.PERSONS),
        ("He did not wait for the 2 new trains at the station.", Refusal.OVERLAP),
        ("He did not see see see the 2 old houses in the city.", Refusal.LOOP),
        ("He did not see old houses in the old houses in the 2 city.", Refusal.LOOP),
    ],
)
def test_each_error_has_its_reason(translation: str | None, reason: Refusal | None) -> None:
    assert error(TEXT, translation) == reason


def test_a_word_that_is_unknown_on_the_way_back_only_is_one_of_the_pivot() -> None:
    assert error(TEXT, "He did not see the 2 old domojn in the city.", (0, 1)) == Refusal.LEAKED
    assert error(TEXT, "He did not look at the 2 old houses in the city.", (1, 1)) is None


def test_the_first_reason_in_the_order_is_given() -> None:
    assert error(TEXT, "She saw 3 domojn.", (0, 1)) == Refusal.LEAKED
    assert list(Refusal).index(Refusal.LEAKED) < list(Refusal).index(Refusal.LENGTH)


def test_negation_and_persons_are_compared_in_english_only() -> None:
    assert error("il le vit dans la ville hier", "elle not vit dans la ville hier", language="fr") is None


@pytest.mark.parametrize("language", ["en", "eng", "eng_Latn", "EN", "en-US"])
def test_english_is_english_whatever_it_is_called(language: str) -> None:
    assert error(TEXT, "He saw the 2 old houses in the city.", language=language) == Refusal.NEGATION
    assert error(TEXT, "It did not see the 2 old houses in the city.", language=language) == Refusal.PERSONS


@pytest.mark.parametrize("pivot", ["es", "spa", "spa_Latn"])
def test_a_pivot_has_its_least_overlap_whatever_it_is_called(pivot: str) -> None:
    words = PairFilter(usual_overlap=0.8, least_overlap={"es": 0.5})
    trip = RoundTrip(Route(pivot), "the old dog rests here today")
    assert words.error("the old dog sleeps here today", trip) is None


@pytest.mark.parametrize(
    ("language", "text", "translation"),
    [
        ("zh", "今天天气很好。我们去公园散步吧。", "今天天气不错。我们去公园走走吧。"),
        ("jpn_Jpan", "昨日、私は友達と一緒に映画を見に行きました。", "昨日、友達と映画を観に行きました。"),
        ("hi", "मैं कल अपने दोस्तों के साथ बाज़ार गया था।", "मैं कल दोस्तों के साथ बाज़ार गया।"),
    ],
)
def test_texts_of_other_scripts_are_told_apart_by_their_words(language: str, text: str, translation: str) -> None:
    assert PairFilter(language).unsuited(text) is None
    assert error(text, translation, language=language) is None
    assert error(text, text.replace("。", "!"), language=language) == Refusal.IDENTICAL
    assert error(text, text[: len(text) // 3], language=language) == Refusal.LENGTH


def test_a_word_is_a_character_in_chinese_and_what_stands_between_blanks_in_hindi() -> None:
    assert words_of("今天。好", "zh") == ["今", "天", "好"]
    assert words_of("के साथ बाज़ार गया।", "hi") == ["के", "साथ", "बाज़ार", "गया"]
    assert words_of("I don't, OK", "en") == ["i", "don't", "ok"]


def test_each_pivot_has_its_least_overlap() -> None:
    text, other = "the old dog sleeps here today", "the old dog rests here today"
    assert error(text, other) is None  # old dog today of old dog sleep today: 6 of 8
    assert error(text, other, usual_overlap=0.8) == Refusal.OVERLAP
    assert error(text, other, usual_overlap=0.8, least_overlap={"es": 0.5}) is None
    assert error(text, other, least_overlap={"es": 0.8}) == Refusal.OVERLAP


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one two three four", None),
        ("one two three", Refusal.SHORT),
        ("", Refusal.SHORT),
        ("word " * 60, None),
        ("word " * 61, Refusal.LONG),
        ("look at https://example.org for more", Refusal.ADDRESS),
        ("please write to someone@example.org about it", Refusal.ADDRESS),
        ("Please visit example.com for more details", Refusal.ADDRESS),
        ("Look at github.com/foo/bar for the code", Refusal.ADDRESS),
        ("see ftp://foo/x for the files", Refusal.ADDRESS),
        ("VISIT US AT WWW.EXAMPLE.ORG NOW", Refusal.ADDRESS),
        ("Buy it at shop24.co.uk.", Refusal.ADDRESS),
        ("Some pets, e.g. cats, i.e. small tigers, sleep", None),
        ("It weighs 3.5 pounds in the U.S. and more", None),
        ("He went home. Then he slept.And then he ate...all", None),
        ("1.the first of all good things", None),
        ("Dr.Smith comes at 5 p.m. on Monday", None),
        ("1 + 2 = 3, 4 * 5 = 20 a", Refusal.CHARACTERS),
    ],
)
def test_a_text_that_is_not_worth_translating_has_its_reason(text: str, reason: Refusal | None) -> None:
    assert PairFilter().unsuited(text) == reason


def test_overlap_counts_content_words_without_their_endings() -> None:
    assert overlap(words_of("She slices onions"), words_of("A woman is slicing the onion")) == 2 * 2 / (2 + 3)
    assert overlap(words_of("it is he"), words_of("they were")) == 1.0


def test_persons_are_the_same_in_every_case() -> None:
    assert persons_of(words_of("He's here with his book")) == persons_of(words_of("I see him")) - persons_of(["i"])
    assert persons_of(words_of("The man")) == frozenset()


def test_loops_are_three_alike_or_three_twice() -> None:
    assert loops(["a", "a", "a", "b"])
    assert loops(["a", "b", "c", "d", "a", "b", "c"])
    assert not loops(["a", "b", "a", "b", "c"])


@pytest.mark.parametrize("settings", [{"fewest_words": 0}, {"fewest_words": 9, "most_words": 8}])
def test_bounds_that_nothing_can_meet_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 ≤ fewest_words ≤ most_words"):
        PairFilter(**settings)
