"""MaskedSubstitution asks a masked language model."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

from tests.tiny import WORDS, masked_language_model, tiny_backbone, tiny_tokenizer
from textcl.augment import masked_substitution as module
from textcl.augment.masked_substitution import MaskedSubstitution
from textcl.errors import ModelError
from textcl.util.seeds import seeded


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return masked_language_model(tmp_path_factory.mktemp("model"))


def expected(model: str, words: list[str], position: int, top: int) -> dict[str, float]:
    """The likeliest words for a position by a plain call of transformers, with their shares."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model)
    masked = [*words[:position], "[MASK]", *words[position + 1 :]]
    ids = tokenizer(" ".join(masked), return_tensors="pt").input_ids
    with torch.no_grad():
        logits = AutoModelForMaskedLM.from_pretrained(model)(ids).logits[0, position + 1]
    names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    scored = [(float(logit), name) for logit, name in zip(logits, names, strict=True) if name.isalpha()]
    best = sorted(((logit, name) for logit, name in scored if name != words[position]), reverse=True)[:top]
    weights = torch.tensor([logit for logit, _ in best]).softmax(0).tolist()
    return {name: weight for (_, name), weight in zip(best, weights, strict=True)}


def test_a_word_becomes_one_of_the_likeliest_by_their_probabilities(model: str):
    wanted = expected(model, ["dog"], 0, 3)
    augmentation = MaskedSubstitution(model, 1.0, 3)
    made = Counter(augmentation("dog", random.Random(seed)) for seed in range(300))
    assert set(made) == set(wanted)
    assert all(abs(made[word] / 300 - wanted[word]) < 0.12 for word in wanted)  # 4 standard deviations


def test_words_change_as_often_as_the_rate_says_and_all_else_stays(model: str):
    text = 'the Dog,\tRUNS; "zzz"\n42 日本 '
    changed = Counter[int]()
    for seed in range(100):
        words = MaskedSubstitution(model, 0.25)(text, random.Random(seed)).split()
        assert words[3:] == ['"zzz"', "42", "日本"]  # pieces, digits, unknown tokens
        assert words[1].endswith(",")
        assert words[1][0].isupper()
        assert words[2].isupper()
        changed.update(position for position, word in enumerate(words) if word != text.split()[position])
    assert all(7 < changed[position] < 43 for position in range(3))  # 25 expected; 18 is 4 standard deviations


def test_a_word_is_never_replaced_by_itself_and_only_by_words(model: str):
    for seed in range(50):
        words = MaskedSubstitution(model, 1.0, 1000)("the dog runs", random.Random(seed)).split()
        assert len(words) == 3
        assert all(word.isalpha() for word in words)
        assert "dog" != words[1] in {*WORDS, *"abcdefghijklmnopqrstuvwxyz"}


def test_accents_of_a_replaced_word_go_with_it(model: str):
    text = "man\u0301 do\u0308g\u0301, zzz\u0301"  # the tokenizer drops accents, and reads man and dog
    for seed in range(20):
        made = MaskedSubstitution(model, 1.0)(text, random.Random(seed))
        assert re.fullmatch(r"[a-z]+ [a-z]+, zzz\u0301", made), made
        assert not made.startswith("man")


def byte_level_model(folder: Path) -> str:
    """Save a RoBERTa of random weights with a byte-level tokenizer that keeps a few words whole."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    words = ["the dog sees a café", "dog", "the cat sees the dog", "cat"] * 5
    tokenizer.train_from_iterator(words, BpeTrainer(special_tokens=special, initial_alphabet=alphabet, vocab_size=400))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = {"pad_token": "<pad>", "mask_token": "<mask>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    config = AutoConfig.for_model(
        "roberta", vocab_size=400, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=40, initializer_range=0.3,
    )  # fmt: skip
    with seeded(17):
        AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    return str(folder)


def test_tokens_that_carry_a_blank_leave_the_blanks_of_the_text_as_they_are(tmp_path: Path):
    augmentation = MaskedSubstitution(byte_level_model(tmp_path), 1.0, 400)
    text = "dog sees\tthe  café."
    made = [augmentation(text, random.Random(seed)) for seed in range(60)]
    assert all(re.fullmatch(r"\w+ \w+\t\w+  \w+\.", one) for one in made)
    middle = {re.split(r"\s+", one)[1] for one in made}
    assert len(middle) > 3
    assert "sees" not in middle
    assert len(augmentation("dog " * 300, random.Random(0)).split()) == 300


def test_text_beyond_the_models_length_stays(model: str):
    words = MaskedSubstitution(model, 1.0)("dog " * 200, random.Random(0)).split()
    assert len(words) == 200
    assert words[62:] == ["dog"] * 138
    assert words[:50].count("dog") == 0


def test_the_model_is_opened_at_the_first_text_and_once(model: str, monkeypatch: pytest.MonkeyPatch):
    opened = []
    monkeypatch.setattr(module.MaskedWords, "__init__", _counted(module.MaskedWords.__init__, opened))
    module.open_masked_words.cache_clear()
    first, second = MaskedSubstitution(model), MaskedSubstitution(model, 0.5)
    assert opened == []
    for augmentation in (first, second, first):
        augmentation("the dog", random.Random(0))
    assert len(opened) == 1


def _counted(init: object, opened: list[int]) -> object:
    def counted(*args: object) -> None:
        opened.append(1)
        init(*args)

    return counted


def test_an_encoder_without_its_head_is_refused(tmp_path: Path):
    tiny_backbone().save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"found no weights that predict masked words \(cls\..* is missing\)"):
        MaskedSubstitution(str(tmp_path))("the dog", random.Random(0))


def test_a_model_without_the_words_of_its_tokenizer_is_refused_in_one_line(tmp_path: Path):
    masked_language_model(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=f"^{tmp_path} holds no tokenizer"):
        MaskedSubstitution(str(tmp_path))


def test_a_tokenizer_of_more_words_than_the_model_has_is_refused(tmp_path: Path):
    masked_language_model(tmp_path)
    larger = tiny_tokenizer()
    larger.add_tokens(["[PRODUCT]"])
    larger.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"the tokenizer knows .* tokens, but the backbone has embeddings for"):
        MaskedSubstitution(str(tmp_path))("a dog runs", random.Random(1))


def test_no_model_and_no_candidates_are_refused(model: str, tmp_path: Path):
    with pytest.raises(ModelError, match=r"nothing: found no model of transformers there"):
        MaskedSubstitution(str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="top: found 0"):
        MaskedSubstitution(model, top=0)
