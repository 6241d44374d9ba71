"""There and back through the cache."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.translate.stand_ins import POISON, Careless, Plain
from textcl.errors import DataError
from textcl.translate.engine import BEST, Decoding, Translation
from textcl.translate.round_trip import Route, TranslationCache, Translator, key_of

DRAWN = Decoding(temperature=0.7)
TEXTS = ["One dog runs.", "two dogs run", "One dog runs.", ""]


@pytest.fixture
def cache(tmp_path: Path) -> TranslationCache:
    return TranslationCache(tmp_path / "folder" / "cache.sqlite")


def texts_of(
    engine: Plain, cache: TranslationCache, decoding: Decoding = BEST, seed: int = 17, time: int = 0
) -> list[str]:
    trips = Translator(engine, cache, "en", decoding, seed).round_trips(TEXTS, Route("de", time))
    return [trip.text for trip in trips]


def test_each_text_goes_there_and_back_once(cache: TranslationCache) -> None:
    engine = Plain()
    assert texts_of(engine, cache) == [
        "<en> <de> One dog runs.", "<en> <de> two dogs run", "<en> <de> One dog runs.", "",
    ]  # fmt: skip
    assert engine.calls == [["One dog runs.", "two dogs run"], ["<de> One dog runs.", "<de> two dogs run"]]


def test_the_second_time_nothing_is_translated(cache: TranslationCache) -> None:
    first, engine = texts_of(Plain(), cache), Plain()
    assert texts_of(engine, cache) == first
    assert engine.calls == []


def test_draws_differ_by_seed_and_by_time_and_are_repeated(cache: TranslationCache) -> None:
    one = texts_of(Plain(), cache, DRAWN)
    assert texts_of(Plain(), cache, DRAWN, time=1) != one
    assert texts_of(Plain(), cache, DRAWN, seed=18) != one
    assert texts_of(Plain(), cache, DRAWN) == one


def test_a_text_that_can_not_be_translated_is_none_and_is_tried_again(cache: TranslationCache) -> None:
    translator = Translator(Careless(), cache, "en", BEST, 17)
    texts = ["a", POISON, "b"]
    assert [trip.text is None for trip in translator.round_trips(texts, Route("de"))] == [False, True, False]
    engine = Plain()
    trips = Translator(engine, cache, "en", BEST, 17).round_trips(texts, Route("de"))
    assert trips[1].text == f"<en> <de> {POISON}"
    assert engine.calls[0] == [POISON]


def test_what_comes_back_begins_as_the_text_did_and_has_its_full_stop_in_location(cache: TranslationCache) -> None:
    class Untidy(Plain):
        def translate(
            self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
        ) -> list[Translation]:
            return [Translation(text.swapcase() + " , old  1 .5 .") for text in texts]

    assert texts_of(Untidy(), cache)[:2] == [
        "One dog runs., OLD 1 .5., old 1 .5.",
        "two dogs run, OLD 1 .5., old 1 .5.",
    ]


def test_a_key_depends_on_all_that_decides_a_translation() -> None:
    base = ("v1", "en", "de", DRAWN, 17, "text")
    others = [
        ("v2", *base[1:]), ("v1", "eo", *base[2:]), (*base[:2], "fr", *base[3:]), (*base[:3], Decoding(2), *base[4:]),
        (*base[:4], 18, "text"), (*base[:5], "Text"),
    ]  # fmt: skip
    assert len({key_of(*parts) for parts in (base, *others)}) == 7
    assert key_of("v1", "en", "de", BEST, 17, "text") == key_of("v1", "en", "de", BEST, 18, "text")


def test_many_keys_are_found_and_raw_output_is_kept_as_it_was(cache: TranslationCache) -> None:
    many = {number.to_bytes(16, "big"): Translation(f"  raw {number}\u2028 .", number) for number in range(1203)}
    cache.add(many)
    assert cache.find([*many, b"absent"]) == many


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").write_text("no database, but long enough to look like a file of something else" * 20)
    with pytest.raises(DataError, match=r"cache.sqlite is damaged .* Delete it: what it holds can be"):
        TranslationCache(tmp_path / "cache.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="may it be written"):
        TranslationCache(tmp_path / "file" / "cache.sqlite")
