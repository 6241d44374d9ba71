"""The real Apertium, where it is installed, and what is said where it is not."""

import re
import shutil
from pathlib import Path

import pytest

from tests.translate.stand_ins import awkward_texts
from textcl.errors import ModelError
from textcl.translate import apertium
from textcl.translate.apertium import Apertium, one_line
from textcl.translate.engine import Decoding, MisalignedError
from textcl.translate.round_trip import translate_aligned

installed = pytest.mark.skipif(
    shutil.which("apertium") is None,
    reason="no apertium here: apt-get install --no-install-recommends apertium apertium-eo-en apertium-eng-spa",
)
DIRECTIONS = [("en", "eo"), ("eo", "en"), ("en", "es"), ("es", "en")]


@installed
@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
def test_awkward_texts_come_back_each_to_its_location(source: str, target: str) -> None:
    engine, texts = Apertium(), awkward_texts(400)
    found = translate_aligned(lambda part: engine.translate(part, source, target), texts)
    for text, one in zip(texts, found, strict=True):
        assert one is not None
        assert "\n" not in one.text
        numbers = re.findall(r"\d+", one_line(text))
        assert set(numbers[-1:]) <= set(re.findall(r"\d+", one.text)), (text, one)  # each text has a number of its own


@installed
def test_a_batch_gives_what_each_text_gives_alone() -> None:
    engine = Apertium()
    texts = ["The old man reads a book by the river", "Two dogs run home", "Nobody waits", "Where is the train?"]
    assert engine.translate(texts, "en", "eo") == [engine.translate([text], "en", "eo")[0] for text in texts]


@installed
def test_unknown_words_are_counted_and_lose_their_signs_but_the_texts_own_signs_stay() -> None:
    (one,) = Apertium().translate(["The *old #man sees a qwertzui @home."], "en", "eo")
    assert one.unknown == 1
    assert "qwertzui" in one.text
    assert set("*#@") <= set(one.text)


@installed
def test_codes_of_two_and_of_three_letters_name_the_same_language() -> None:
    engine = Apertium()
    assert engine.version("en", "es") == engine.version("eng", "spa")
    assert engine.version("en", "es") != engine.version("es", "en")
    assert re.fullmatch(r"Apertium \d[\d.]+, en-eo [0-9a-f]{16}", engine.version("en", "eo"))


@installed
def test_a_missing_pair_is_told_with_its_package() -> None:
    if "en-gl" in Apertium()._modes:
        pytest.skip("the Galician pair is installed")
    with pytest.raises(ModelError, match=r"from 'en' into 'gl'. apt-get install .* apertium apertium-en-gl"):
        Apertium().version("en", "gl")
    with pytest.raises(ModelError, match="For English it has the pivots ca, eo, es, gl; other languages need another"):
        Apertium().version("en", "fi")


def test_a_missing_program_is_told_with_its_package() -> None:
    with pytest.raises(ModelError, match=r"no program 'apertum'. apt-get install .* apertium apertium-eo-en"):
        Apertium("apertum").version("en", "eo")


def test_rules_have_nothing_to_decode() -> None:
    with pytest.raises(ValueError, match="nothing to decode"):
        Apertium().translate(["a"], "en", "eo", Decoding(beams=2))


def test_a_program_that_fails_or_hangs_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "program"
    script.write_text("#!/bin/sh\ncat | sleep 60\n")
    script.chmod(0o755)
    with pytest.raises(MisalignedError, match="more than 0 seconds"):
        apertium._through([str(script)], "text", 0.2)
    script.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(MisalignedError, match="code 3"):
        apertium._through([str(script)], "text", 10)


def test_a_program_that_can_not_be_run_is_told_as_such(tmp_path: Path) -> None:
    script = tmp_path / "program"
    script.write_bytes(b"\x7fELF of another machine")
    script.chmod(0o755)
    with pytest.raises(ModelError, match=r"program cannot be run: .*Exec format error"):
        apertium._through([str(script)], "text", 10)
    with pytest.raises(ModelError, match="program cannot be run"):
        Apertium(str(script)).version("en", "eo")
