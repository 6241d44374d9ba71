"""New words: a token each, a row that starts as the mean of its pieces, in every kind of tokenizer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    GPT2Tokenizer,
    LlamaTokenizer,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
    Qwen3Model,
    T5EncoderModel,
)

from tests.encoder.families import family_backbone, family_tokenizer
from tests.recipe.minimal import minimal
from tests.tiny import SENTENCES, tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.vocabulary import add_words
from textcl.errors import DataError, RecipeError, TrainingError
from textcl.recipe.load import parse
from textcl.workflows.run.build import build_encoder as build_from_recipe
from textcl.workflows.run.train import train_recipe

WORDS = ["zebra", "kubernetes", "x-ray"]
TEXTS = [*SENTENCES, "a zebra sees kubernetes", "zebras", "Kubernetes, x-ray!", "zebra"]


def byte_level(kind: type) -> PreTrainedTokenizerBase:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate(["<|endoftext|>", *alphabet])}
    if kind is not PreTrainedTokenizerFast:
        return kind(vocab=vocabulary, merges=[], eos_token="<|endoftext|>")  # noqa: S106 (no password)
    rules = Tokenizer(models.BPE(vocabulary, []))
    rules.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rules.post_processor = processors.ByteLevel(trim_offsets=False)
    rules.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=rules, eos_token="<|endoftext|>")  # noqa: S106 (no password)


def metaspace() -> PreTrainedTokenizerBase:
    pieces = ["<unk>", "<s>", "</s>", "▁", *map(chr, range(97, 123)), "-", ",", "!", "?", "K"]
    return LlamaTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, merges=[])


SIZES: dict[str, int] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
TOKENIZERS = {
    "word pieces": tiny_tokenizer,
    "bytes": lambda: byte_level(PreTrainedTokenizerFast),
    "bytes of GPT-2": lambda: byte_level(GPT2Tokenizer),
    "bytes of Qwen": lambda: byte_level(Qwen2Tokenizer),
    "pieces with blanks": metaspace,
}


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_each_word_is_one_token_wherever_it_stands_and_its_row_the_mean_of_its_pieces(
    kind: str, tmp_path: Path
) -> None:
    tokenizer = TOKENIZERS[kind]()
    tokenizer.pad_token, tokenizer.padding_side = tokenizer.pad_token or tokenizer.eos_token, "right"
    size = max(tokenizer.get_vocab().values()) + 1
    model = BertModel(BertConfig(vocab_size=size, **SIZES), add_pooling_layer=False)
    pieces = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in WORDS]
    before = model.embeddings.word_embeddings.weight.detach().clone()
    others = [tokenizer(text)["input_ids"] for text in SENTENCES]

    assert add_words(model, tokenizer, WORDS) == WORDS
    Encoder(model, tokenizer).save(tmp_path / "model")

    again = open_encoder(tmp_path / "model")
    for cut in (tokenizer, again.tokenizer):
        numbers = [cut.convert_tokens_to_ids(word) for word in WORDS]
        assert numbers == [size, size + 1, size + 2]
        for word, number in zip(WORDS, numbers, strict=True):
            for text in (word, f"so {word} it", f"so {word}, it", f"it {word}"):
                assert cut(text, add_special_tokens=False)["input_ids"].count(number) == 1, text
        assert numbers[0] not in cut("zebras")["input_ids"]
        assert [cut(text)["input_ids"] for text in SENTENCES] == others
    table = model.get_input_embeddings().weight.detach()
    assert table[: len(before)].equal(before)
    for row, own in zip(table[size:], pieces, strict=True):
        torch.testing.assert_close(row, before[own].mean(dim=0))
    expected = Encoder(model, tokenizer).encode(TEXTS)
    np.testing.assert_allclose(again.encode(TEXTS), expected, atol=1e-6)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu")  # pads some on the left, where BERT counts it
    np.testing.assert_allclose(np.stack([theirs.encode(text) for text in TEXTS]), expected, atol=1e-6)


def test_words_that_are_known_or_read_alike_get_one_row_at_most() -> None:
    model, tokenizer = tiny_backbone(), tiny_tokenizer()
    rows = model.config.vocab_size

    assert len(add_words(model, tokenizer, ["guitar", "Zebra", "zebra", "ZEBRA"])) == 1

    assert model.config.vocab_size == len(model.get_input_embeddings().weight) == rows + 1
    assert tokenizer("zebra")["input_ids"] == tokenizer("Zebra")["input_ids"]


def test_a_word_that_the_tokenizer_knows_nothing_of_starts_as_the_unknown_one() -> None:
    model, tokenizer = tiny_backbone(), tiny_tokenizer()

    add_words(model, tokenizer, ["ж"])

    table = model.get_input_embeddings().weight
    assert table[-1].equal(table[tokenizer.unk_token_id])
    assert tokenizer("ж", add_special_tokens=False)["input_ids"] == [len(table) - 1]


def test_rows_to_spare_are_used_before_the_table_grows() -> None:
    model, tokenizer = tiny_backbone(), tiny_tokenizer()
    model.resize_token_embeddings(len(tokenizer) + 8)

    add_words(model, tokenizer, ["zebra"])

    assert len(model.get_input_embeddings().weight) == len(tokenizer) + 7


@pytest.mark.parametrize(("kind", "model"), [("qwen3", Qwen3Model), ("t5", T5EncoderModel)])
def test_other_backbones_learn_words_too(kind: str, model: type, tmp_path: Path) -> None:
    family_backbone(kind).save_pretrained(tmp_path / "plain")
    family_tokenizer(kind).save_pretrained(tmp_path / "plain")
    (tmp_path / "words.txt").write_text("zebra\n\nkubernetes\n")

    encoder = build_encoder(str(tmp_path / "plain"), new_words=str(tmp_path / "words.txt"))
    encoder.save(tmp_path / "model")

    assert isinstance(encoder.backbone, model)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(TEXTS)
    unit = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode(TEXTS), unit, atol=1e-6)
    np.testing.assert_allclose(open_encoder(tmp_path / "model").encode(TEXTS), unit, atol=1e-6)


def test_a_table_of_token_embeddings_learns_words(tmp_path: Path) -> None:
    rules = tiny_tokenizer().backend_tokenizer
    SentenceTransformer(modules=[StaticEmbedding(rules, embedding_dim=8)]).save(str(tmp_path / "table"))
    (tmp_path / "words.txt").write_text("zebra\nkubernetes\n")

    before = open_encoder(tmp_path / "table")
    encoder = build_encoder(str(tmp_path / "table"), new_words=str(tmp_path / "words.txt"))
    encoder.save(tmp_path / "model")

    lengths = encoder.tokenize(["a zebra", "zebras", "kubernetes"], None).lengths
    assert lengths.tolist() == [2, 6, 1]
    np.testing.assert_allclose(encoder.encode(["zebra"]), before.encode(["zebra"]), atol=1e-6)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(TEXTS)
    for vectors in (encoder.encode(TEXTS), open_encoder(tmp_path / "model").encode(TEXTS)):
        np.testing.assert_allclose(vectors, theirs / np.linalg.norm(theirs, axis=1, keepdims=True), atol=1e-6)


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, Any]:
    """A recipe with a file of words."""
    tiny_encoder().save(tmp_path / "tiny")
    (tmp_path / "words.txt").write_text("zebra\nkubernetes\n")
    (tmp_path / "lines.txt").write_text("".join(f"a zebra {text}\n" for text in SENTENCES))
    return minimal(
        data={
            "sources": [{"use": "TextLines", "path": str(tmp_path / "lines.txt")}],
            "max_length": 32,
            "batch_size": 4,
        },
        encoder={"backbone": str(tmp_path / "tiny"), "new_words": str(tmp_path / "words.txt")},
        training={"steps": 2, "save_every": 1},
    )


def test_a_run_with_new_words_is_resumed_unless_the_words_have_changed(raw: dict[str, Any], tmp_path: Path) -> None:
    train_recipe(parse(raw), tmp_path / "run")
    longer = raw | {"training": {"steps": 4, "save_every": 1}}
    recipe = tmp_path / "run" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("steps: 2", "steps: 4"))

    train_recipe(parse(longer), tmp_path / "run", resume=True)
    encoder = open_encoder(tmp_path / "run")
    assert encoder.tokenize(["zebra"], None).lengths.tolist() == [3]
    assert json.loads((tmp_path / "run" / "model" / "config.json").read_text())["vocab_size"] == len(encoder.tokenizer)

    (tmp_path / "words.txt").write_text("zebra\nhelm\n")
    recipe.write_text(recipe.read_text().replace("steps: 4", "steps: 6"))
    with pytest.raises(TrainingError, match="its tokenizer have changed"):
        train_recipe(parse(raw | {"training": {"steps": 6, "save_every": 1}}), tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("zebra\nnew york\n", DataError, r"words\.txt, line 2: found 'new york', but a line holds one word"),
        ("", DataError, r"words\.txt"),
        (None, DataError, r"words\.txt"),
    ],
)
def test_a_file_of_words_that_is_none_is_named(
    raw: dict[str, Any], content: str | None, error: type[Exception], message: str, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").unlink()
    if content is not None:
        (tmp_path / "words.txt").write_text(content)

    with pytest.raises(error, match=message):
        build_from_recipe(parse(raw))


def test_an_adapter_learns_no_words(raw: dict[str, Any]) -> None:
    raw["encoder"]["adapter"] = {"rank": 2}

    with pytest.raises(RecipeError, match=r"^encoder\.new_words is given, but an adapter leaves the table as it is"):
        build_from_recipe(parse(raw))
