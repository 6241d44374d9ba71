"""MarianMT, M2M100 and NLLB on tiny models saved to disk."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny import SENTENCES
from tests.translate.tiny_models import save_tiny_many_to_many, save_tiny_marian, save_tiny_t5
from textcl.errors import ModelError
from textcl.translate.engine import BEST, Decoding
from textcl.translate.seq2seq import ManyToMany, Marian, QuestionModel, generate, load_seq2seq

DRAWN = Decoding(temperature=0.7)
TEXTS = [*SENTENCES, "fish " * 200, "no stop", "?"]


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models")
    save_tiny_marian(folder / "opus-en-de")
    save_tiny_marian(folder / "opus-de-en", 5)
    save_tiny_marian(folder / "opus-en-ROMANCE", 17, ">>es<<", ">>fr<<")
    return str(folder / "opus-{source}-{target}")


def texts_of(engine: Marian | ManyToMany, target: str = "de", decoding: Decoding = BEST, seed: int = 0) -> list[str]:
    return [one.text for one in engine.translate(TEXTS, "en", target, decoding, seed)]


def test_a_batch_gives_each_text_what_it_gets_alone(marian: str) -> None:
    engine = Marian(marian)
    together = texts_of(engine)
    alone = [engine.translate([text], "en", "de")[0].text for text in TEXTS]
    # The longest text of a batch bounds all of them: alone a text may be cut off earlier.
    assert all(one.startswith(other) for one, other in zip(together, alone, strict=True))
    assert len(set(together)) > 5


def test_greedy_is_what_transformers_gives(marian: str) -> None:
    loaded = load_seq2seq(marian.format(source="en", target="de"), torch.device("cpu"))
    ids = loaded.tokenizer([SENTENCES[0]], return_tensors="pt")
    most = 2 * ids["input_ids"].shape[1] + 10
    made = loaded.model.generate(ids["input_ids"], num_beams=1, do_sample=False, max_new_tokens=most)
    assert generate(loaded, [SENTENCES[0]], BEST, 0) == loaded.tokenizer.batch_decode(made, skip_special_tokens=True)


def test_lengths_are_bounded_by_twice_the_longest_of_a_batch(marian: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_seq2seq(marian.format(source="en", target="de"), torch.device("cpu"))
    seen: list[tuple[int, int]] = []
    original = loaded.model.generate

    def recording(**settings: Any) -> Any:
        made = original(**settings)
        seen.append((settings["input_ids"].shape[1], made.shape[1]))
        return made

    monkeypatch.setattr(loaded.model, "generate", recording)
    generate(loaded, TEXTS, BEST, 0)
    assert max(source for source, _ in seen) == 62  # of 200 words, what the tokenizer says is the longest input
    assert all(made <= 2 * source + 11 for source, made in seen)


def test_draws_depend_on_the_seed_alone(marian: str) -> None:
    engine = Marian(marian)
    torch.manual_seed(1)
    one = texts_of(engine, decoding=DRAWN, seed=3)
    assert texts_of(engine, decoding=DRAWN, seed=3) == one
    assert texts_of(engine, decoding=DRAWN, seed=4) != one
    assert texts_of(engine) != one
    assert texts_of(engine, decoding=Decoding(beams=3)) != one


def test_a_model_of_several_languages_is_told_which(marian: str) -> None:
    several = Marian(marian.replace("{source}-{target}", "en-ROMANCE") + "/.{source}{target}")
    loaded = load_seq2seq(marian.format(source="en", target="ROMANCE"), torch.device("cpu"))
    several._loaded = lambda name: loaded
    assert texts_of(several, "es") != texts_of(several, "fr")
    assert texts_of(several, "es") == generate(loaded, [f">>es<< {' '.join(text.split())}" for text in TEXTS], BEST, 0)


def test_versions_tell_models_apart(marian: str) -> None:
    engine = Marian(marian)
    assert engine.version("en", "de") != engine.version("de", "en")
    assert engine.version("en", "de") == Marian(marian).version("en", "de")


def test_one_model_for_there_and_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there and back are two"):
        Marian(str(tmp_path)).version("en", "de")


def test_a_model_without_the_words_of_its_tokenizer_is_refused(tmp_path: Path) -> None:
    save_tiny_marian(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").unlink()
    with pytest.raises(
        ModelError, match=r"cannot be opened as a sequence-to-sequence model: .*model holds no tokenizer"
    ):
        load_seq2seq(str(tmp_path / "model"), torch.device("cpu"))


def test_a_missing_model_is_one_line(tmp_path: Path, marian: str) -> None:
    with pytest.raises(ModelError, match="cannot be opened as a sequence-to-sequence model: ") as error:
        Marian(marian).version("en", "xx")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "tokens"),
    [("m2m100", ("__en__", "__de__", "en", "de")), ("nllb", ("eng_Latn", "deu_Latn", "en", "de"))],  # pieces of words
)
def test_many_to_many_models_begin_with_the_language(tmp_path: Path, name: str, tokens: tuple[str, ...]) -> None:
    engine = ManyToMany(name, str(save_tiny_many_to_many(tmp_path, *tokens)))
    assert engine.version("en", "de").startswith(f"{name}: transformers ")
    there, back = texts_of(engine, "de"), [one.text for one in engine.translate(TEXTS, "de", "en")]
    assert len(there) == len(TEXTS)
    assert there != back
    loaded = load_seq2seq(str(tmp_path), torch.device("cpu"))
    raw = generate(loaded, TEXTS, BEST, 0, loaded.tokenizer.convert_tokens_to_ids(tokens[1]))
    assert all(text.startswith(tokens[1]) for text in raw)
    assert there == [text.removeprefix(tokens[1]).strip() for text in raw]
    for language in ("xx", "no"):  # Norwegian, and a word that the vocabulary has
        with pytest.raises(ModelError, match=f"knows no language '{language}'"):
            engine.version("en", language)


@pytest.mark.parametrize("tokens", [("__en__", "__de__"), ("eng_Latn", "deu_Latn")])
def test_codes_of_two_and_of_three_letters_name_the_same_language(tmp_path: Path, tokens: tuple[str, ...]) -> None:
    engine = ManyToMany("many", str(save_tiny_many_to_many(tmp_path, *tokens)))
    for source, target in (("eng", "deu"), ("eng_Latn", "deu_Latn")):
        assert engine.translate(TEXTS, source, target) == engine.translate(TEXTS, "en", "de")


def test_loading_and_generating_say_nothing(
    marian: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING):
        texts_of(Marian(marian), decoding=DRAWN)
    assert [record.getMessage() for record in caplog.records] == []
    assert capsys.readouterr().err == ""


def test_a_model_of_questions_draws_one_for_each_text_by_its_seed_however_long_the_text(tmp_path: Path) -> None:
    engine = QuestionModel(str(save_tiny_t5(tmp_path / "t5")), "cpu")
    one, other = (
        [made.text for made in engine.translate(TEXTS, "document", "question", DRAWN, seed)] for seed in (17, 18)
    )
    assert one == [made.text for made in engine.translate(TEXTS, "document", "question", DRAWN, 17)]
    assert one != other
    assert len(set(one)) > 5
    words = engine._loaded.tokenizer(one)["input_ids"]
    assert 40 < max(map(len, words)) <= 64 + 2  # a question has its own bound, whatever its text has
    assert "question of 64 tokens" in engine.version("document", "question")
