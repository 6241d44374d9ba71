"""CTranslate2 with a stand-in for the package, which is optional."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tiny import SENTENCES, tiny_tokenizer
from textcl.errors import ModelError
from textcl.translate.ctranslate2 import CTranslate2
from textcl.translate.engine import Decoding
from textcl.workflows.back_translate import open_engine


class StandIn(SimpleNamespace):
    """Reverses the pieces of each text."""

    def __init__(self) -> None:
        super().__init__(__version__="4.8", calls=[], seeds=[])
        self.Translator = lambda folder, **settings: self
        self.set_random_seed = self.seeds.append

    def translate_batch(self, sources: Sequence[Sequence[str]], **settings: Any) -> list[SimpleNamespace]:
        self.calls.append((sources, settings))
        return [SimpleNamespace(hypotheses=[source[::-1]]) for source in sources]


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "ctranslate2", stand_in)
    return stand_in


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for name in ("opus-en-de", "opus-de-en"):
        tiny_tokenizer().save_pretrained(tmp_path / name)
        (tmp_path / name / "model.bin").write_bytes(name.encode())
    return str(tmp_path / "opus-{source}-{target}")


def test_each_text_gets_its_own_translation_whatever_its_length(package: StandIn, folder: str) -> None:
    texts = [*SENTENCES, "fish " * 700] * 20
    found = CTranslate2(folder).translate(texts, "en", "de")
    alone = {text: " ".join(tiny_tokenizer().tokenize(text)[::-1]).replace("##", "") for text in SENTENCES}
    for text, one in zip(texts, found, strict=True):
        assert text not in alone or one.text.replace(" ", "").replace("##", "") == alone[text].replace(" ", "")
    for sources, settings in package.calls:
        longest = max(map(len, sources))
        assert settings == {"beam_size": 1, "max_decoding_length": 2 * longest + 10}
        assert all(source[-1] == "[SEP]" for source in sources)  # the end of the sentence, without which models loop
        assert len(sources) == 1 or len(sources) * longest <= 2048


def test_a_model_of_several_languages_is_told_which(package: StandIn, tmp_path: Path) -> None:
    for name in ("en-es", "en-fr"):
        tokenizer = tiny_tokenizer()
        tokenizer.add_tokens([">>es<<"])
        tokenizer.save_pretrained(tmp_path / name)
        (tmp_path / name / "model.bin").write_bytes(b"")
    engine = CTranslate2(str(tmp_path / "{source}-{target}"))
    engine.translate(["two  dogs"], "en", "es")
    engine.translate(["two  dogs"], "en", "fr")
    assert [sources for sources, _ in package.calls] == [
        [["[CLS]", ">>es<<", "two", "dog", "##s", "[SEP]"]], [["[CLS]", "two", "dog", "##s", "[SEP]"]],
    ]  # fmt: skip


def test_words_are_drawn_as_asked_for(package: StandIn, folder: str) -> None:
    CTranslate2(folder).translate(["fish", "two dogs run"], "en", "de", Decoding(temperature=0.7, top_p=0.9), 17)
    ((_, settings),) = package.calls
    assert settings["sampling_temperature"] == 0.7
    assert (settings["sampling_topk"], settings["sampling_topp"], settings["beam_size"]) == (0, 0.9, 1)
    assert len(package.seeds) == 1


def test_versions_tell_models_apart(package: StandIn, folder: str) -> None:
    engine = CTranslate2(folder)
    assert engine.version("en", "de") != engine.version("de", "en")
    assert engine.version("en", "de").startswith("ctranslate2 4.8, ")


def test_a_folder_without_a_model_is_told_how_to_make_one(package: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model.bin: .* ct2-transformers-converter .* --copy_files"):
        CTranslate2(str(tmp_path / "{source}{target}")).version("en", "de")


def test_the_missing_package_is_told(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ModelError, match="pip install ctranslate2"):
        CTranslate2(folder).version("en", "de")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("apertum",), "no engine 'apertum'; there are apertium, marian"),
        (("apertium", "model"), "neither a model nor a device"),
        (("ctranslate2",), "needs a converted model"),
    ],
)
def test_engines_that_can_not_be_are_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        open_engine(*arguments)


@pytest.mark.parametrize("name", ["apertium", "marian", "m2m100", "nllb"])
def test_engines_open_by_name_without_loading_a_model(name: str) -> None:
    assert open_engine(name).name == name


def test_decodings_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="draws words or keeps beams"):
        Decoding(beams=2, temperature=0.7)
    with pytest.raises(ValueError, match="temperature > 0"):
        Decoding(temperature=0.0)
