"""A guess at the language of texts."""

import json
from pathlib import Path

import pytest

from textcl.data.languages import guess_language

SAMPLES = {
    "English": "What is the name of the man who lives in this house?",
    "German": "Wie heißt der Mann, der in diesem Haus wohnt und nicht arbeitet?",
    "French": "Quel est le nom de l'homme qui habite dans cette maison avec elle ?",
    "Spanish": "¿Cómo se llama el hombre que vive en la casa con los niños?",
    "Italian": "Come si chiama il signore che abita nel palazzo con la moglie e non lavora?",
    "Portuguese": "O homem não sabe como se chama a rua em que mora com os filhos.",
    "Dutch": "De man die in het huis woont is niet bij ons op bezoek.",
    "Cyrillic script": "Как зовут человека, который живёт в этом доме?",
    "Greek": "Πώς λέγεται ο άνθρωπος που μένει σε αυτό το σπίτι;",  # noqa: RUF001 (Greek)
    "Chinese": "住在这所房子里的人叫什么名字？",  # noqa: RUF001 (Chinese)
    "Japanese": "この家に住んでいる人の名前は何ですか。",
    "Korean": "이 집에 사는 사람의 이름은 무엇입니까?",
    "Arabic script": "ما اسم الرجل الذي يعيش في هذا البيت؟",
    "unknown": "4711 / 0815",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_running_text_shows_its_language(language: str):
    assert guess_language([SAMPLES[language]]) == language


def test_names_alone_say_nothing():
    assert guess_language(["Xerxes Smith", "Acme Widgets"]) == "unknown"


def test_real_sentences_of_four_languages_are_told_apart(shared_data: Path):
    names = {"de": "German", "es": "Spanish", "fr": "French", "ru": "Cyrillic script", "zh": "Chinese", "en": "English"}
    for language, name in names.items():
        file = shared_data / "bitext" / f"tatoeba-test-en-{'de' if language == 'en' else language}.jsonl"
        texts = [json.loads(line)[language] for line in file.read_text(encoding="utf-8").splitlines()[:500]]
        assert guess_language(texts) == name
