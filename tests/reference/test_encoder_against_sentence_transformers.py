"""Our vectors against those of sentence-transformers, from the same folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense

from tests.tiny import KINDS, SENTENCES, tiny_encoder
from textcl.encoder.locate import find_folder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.pooling import POOLINGS

PROMPTS = {"anchor": "query: ", "positive": "answer: "}


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


def assert_same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_both_libraries_give_the_same_vectors_for_every_pooling(kind: str, pooling: str, tmp_path: Path) -> None:
    encoder = tiny_encoder(pooling, kind=kind)
    encoder.save(tmp_path / "model")

    assert_same(theirs(tmp_path / "model").encode(list(SENTENCES)), encoder.encode(SENTENCES))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("pool_prompt", [True, False])
def test_both_libraries_treat_prompts_alike(pooling: str, pool_prompt: bool, tmp_path: Path) -> None:
    encoder = tiny_encoder(pooling, prompts=PROMPTS, pool_prompt=pool_prompt)
    encoder.save(tmp_path / "model")
    model = theirs(tmp_path / "model")
    texts = [*SENTENCES, ""]

    assert_same(model.encode(texts), encoder.encode(texts))
    assert_same(model.encode_query(texts), encoder.encode(texts, role="anchor"))
    assert_same(model.encode_document(texts), encoder.encode(texts, role="positive"))
    assert_same(model.encode(texts, prompt_name="negative"), encoder.encode(texts, role="negative"))
    if pooling in ("mean", "max"):  # the prompt's tokens matter to these
        other = tiny_encoder(pooling, prompts=PROMPTS, pool_prompt=not pool_prompt)
        assert np.abs(other.encode(texts) - encoder.encode(texts)).max() > 1e-3


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_round_trip_through_both_libraries_changes_nothing(pooling: str, tmp_path: Path) -> None:
    encoder = tiny_encoder(pooling, prompts=PROMPTS, pool_prompt=False, max_length=9)
    encoder.save(tmp_path / "ours")
    theirs(tmp_path / "ours").save(str(tmp_path / "theirs"))

    again = open_encoder(tmp_path / "theirs")
    again.save(tmp_path / "again")

    assert (again.pooling, again.prompts, again.pool_prompt, again.max_length) == (pooling, encoder.prompts, False, 9)
    for role in PROMPTS:
        expected = encoder.encode(SENTENCES, role=role)
        assert_same(again.encode(SENTENCES, role=role), expected)
        assert_same(theirs(tmp_path / "again").encode(list(SENTENCES), prompt_name=role), expected)


@pytest.mark.parametrize("pooling", ["cls+mean", "mean+cls", "max+last", "cls+max+mean+mean_sqrt+weighted_mean+last"])
def test_joined_poolings_are_those_of_sentence_transformers(pooling: str, tmp_path: Path) -> None:
    encoder = tiny_encoder(pooling)
    encoder.save(tmp_path / "ours")
    model = theirs(tmp_path / "ours")
    model.save(str(tmp_path / "theirs"))

    assert encoder.dimension == model.get_embedding_dimension() == 16 * (1 + pooling.count("+"))
    assert_same(model.encode(list(SENTENCES)), encoder.encode(SENTENCES))
    for folder in ("ours", "theirs"):
        again = open_encoder(tmp_path / folder)
        assert again.pooling == pooling
        assert_same(again.encode(SENTENCES), encoder.encode(SENTENCES))


def test_no_weight_is_drawn_at_random_when_sentence_transformers_opens_the_folder(tiny_model_folder: Path) -> None:
    weights = theirs(tiny_model_folder)[0].model.state_dict()

    assert set(weights) == set(open_encoder(tiny_model_folder).backbone.state_dict())


def test_both_libraries_cut_long_texts_at_the_same_token(tmp_path: Path) -> None:
    encoder = tiny_encoder(max_length=7)
    encoder.save(tmp_path / "model")

    assert theirs(tmp_path / "model").max_seq_length == 7
    assert_same(theirs(tmp_path / "model").encode(list(SENTENCES)), encoder.encode(SENTENCES))


def test_lower_casing_is_done_alike(tiny_model_folder: Path) -> None:
    tokenizer = tiny_model_folder / "tokenizer.json"
    content = json.loads(tokenizer.read_text())
    content["normalizer"]["lowercase"] = False
    tokenizer.write_text(json.dumps(content))
    settings = tiny_model_folder / "sentence_bert_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"do_lower_case": True}))
    texts = ["A DOG runs", "The River"]

    assert_same(open_encoder(tiny_model_folder).encode(texts), theirs(tiny_model_folder).encode(texts))
    assert_same(open_encoder(tiny_model_folder).encode(texts), tiny_encoder().encode([text.lower() for text in texts]))


@pytest.mark.parametrize("activation", [torch.nn.Tanh(), torch.nn.Identity()])
def test_a_dense_layer_after_pooling_is_kept(
    activation: torch.nn.Module, tiny_model_folder: Path, tmp_path: Path
) -> None:
    model = theirs(tiny_model_folder)
    modules = [model[0], model[1], Dense(16, 5, activation_function=activation), model[2]]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "dense"))

    encoder = open_encoder(tmp_path / "dense")
    encoder.save(tmp_path / "again")

    expected = theirs(tmp_path / "dense").encode(list(SENTENCES))
    assert encoder.dimension == 5
    assert_same(encoder.encode(SENTENCES), expected)
    assert_same(theirs(tmp_path / "again").encode(list(SENTENCES)), expected)


def test_minilm_gives_the_vectors_that_sentence_transformers_gives(minilm: str) -> None:
    encoder = open_encoder(minilm)
    folder = find_folder(minilm)
    texts = [
        *SENTENCES,
        *(sentence.upper() + "!" for sentence in SENTENCES),
        "",
        "naïve 東京 🙂",
        "word " * 400,
        "a. b, c",
    ]

    assert encoder.max_length == 256
    assert_same(encoder.encode(texts), theirs(folder).encode(texts))


def test_a_minilm_cut_to_two_layers_opens_in_both_libraries(minilm: str, tmp_path: Path) -> None:
    encoder = build_encoder(minilm, layers=2, prompts={"anchor": "query: "}, max_length=32)
    encoder.save(tmp_path / "model")

    assert_same(theirs(tmp_path / "model").encode(list(SENTENCES)), encoder.encode(SENTENCES))
    assert_same(open_encoder(tmp_path / "model").encode(SENTENCES), encoder.encode(SENTENCES))
