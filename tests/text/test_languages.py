"""The guess of a text's language."""

# ruff: noqa: RUF001  (Cyrillic and Greek letters that look like Latin ones are meant)

import json
from collections import Counter
from pathlib import Path

import pytest

from textcl.text.languages import LANGUAGES, language_of, languages_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The dog is in the house.", "en"),
        ("Der Hund ist im Haus, und ich sehe ihn nicht.", "de"),
        ("Il y a un homme dans la rue avec son chien.", "fr"),
        ("El perro está en la casa y no quiere salir.", "es"),
        ("La hundo estas en la domo, kaj mi ne vidas ĝin.", "eo"),
        ("Собака в доме, и я её не вижу.", "ru"),
        ("Собака в домі, і я її не бачу, але це так.", "uk"),
        ("狗在房子里", "zh"),
        ("犬は家の中にいる", "ja"),
        ("개가 집에 있다", "ko"),
        ("Ο σκύλος είναι στο σπίτι", "el"),
        ("هذا هو البيت الذي كان من قبل", "ar"),
    ],
)
def test_a_plain_sentence_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language
    assert language in LANGUAGES


@pytest.mark.parametrize("text", ["", "  ", "1984", "Tom", "BERT-base v2.0", "🙂🙂", "!?"])
def test_what_belongs_to_no_language_is_not_guessed(text: str) -> None:
    assert language_of(text) is None


def test_a_letter_composed_or_not_is_the_same() -> None:
    assert language_of("c\u0302u g\u0302i") == language_of("ĉu ĝi") == "eo"


def test_texts_are_counted_by_language() -> None:
    texts = ["the dog is here", "der Hund ist hier", "the cat was not there", "42"]
    assert languages_of(texts) == Counter({"en": 2, "de": 1, None: 1})


@pytest.mark.parametrize("language", ["de", "es", "fr", "ru", "zh"])
def test_short_sentences_are_seldom_taken_for_another_language(shared_data: Path, language: str) -> None:
    file = shared_data / "bitext" / f"tatoeba-test-en-{language}.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for name in ("en", language):
        guesses = languages_of(row[name] for row in rows)
        assert guesses[name] > 0.75 * len(rows)
        assert len(rows) - guesses[name] - guesses[None] < 0.03 * len(rows)
