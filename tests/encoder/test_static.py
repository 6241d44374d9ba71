"""Token embeddings: opened, trained and saved as sentence-transformers has them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, StaticEmbedding
from torch import nn

from tests.recipe.minimal import minimal
from tests.tiny import SENTENCES, tiny_encoder, tiny_tokenizer
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.static import StaticEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import ModelError, RecipeError
from textcl.recipe.load import parse
from textcl.training.gradient_cache import dense_gradients, gradients_by_row
from textcl.util.packing import one_by_one, pad
from textcl.workflows.run.build import build_encoder as build_from_recipe
from textcl.workflows.run.train import train_recipe

TEXTS = [*SENTENCES, ""]


def made(folder: Path, *after: nn.Module, post_processor: bool = True) -> Path:
    """A model of sentence-transformers, saved by it."""
    rules = tiny_tokenizer().backend_tokenizer
    if not post_processor:
        rules.post_processor = None
    torch.manual_seed(3)
    model = SentenceTransformer(modules=[StaticEmbedding(rules, embedding_dim=8), *after], device="cpu")
    model.save(str(folder))
    return folder


def opened(folder: Path) -> StaticEncoder:
    encoder = build_encoder(str(folder))
    assert isinstance(encoder, StaticEncoder)
    return encoder


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


def unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths, lengths, 1)


CASES: dict[str, tuple[nn.Module, ...]] = {
    "alone": (),
    "normalised": (Normalize(),),
    "layers": (Dense(8, 6), LayerNorm(6), Dense(6, 6, use_residual=True), Normalize()),
    "all kinds": (Normalize(), Dense(8, 6), Dropout(0.4), LayerNorm(6), Normalize(), Dense(6, 5), Dropout(0.1)),
}


@pytest.mark.parametrize("case", CASES)
def test_vectors_are_those_of_sentence_transformers_before_and_after_saving(case: str, tmp_path: Path) -> None:
    folder = made(tmp_path / "theirs", *CASES[case])
    encoder = opened(folder)
    encoder.save(tmp_path / "ours")
    expected = unit(theirs(folder).encode(TEXTS))

    assert encoder.dimension == expected.shape[1]
    for vectors in (
        encoder.encode(TEXTS),
        open_encoder(tmp_path / "ours").encode(TEXTS),
        unit(theirs(tmp_path / "ours").encode(TEXTS)),
    ):
        np.testing.assert_allclose(vectors, expected, atol=1e-6)


@pytest.mark.parametrize("by_row", [False, True])
def test_the_gradient_of_the_table_is_that_of_sentence_transformers(by_row: bool, tmp_path: Path) -> None:
    folder = made(tmp_path / "theirs")
    encoder, model = opened(folder), theirs(folder)
    weights = torch.randn(len(TEXTS), 8, generator=torch.Generator().manual_seed(1))
    chunk = pad(encoder.tokenize(TEXTS, None), np.arange(len(TEXTS)))

    with gradients_by_row(encoder.modules() if by_row else ()):
        vectors = encoder(chunk)
    (vectors * weights).sum().backward()
    assert encoder.backbone.words.weight.grad.is_sparse is by_row
    dense_gradients(encoder.parameters())
    (model[0](model.preprocess(TEXTS))["sentence_embedding"] * weights).sum().backward()

    found, expected = encoder.backbone.words.weight.grad, model[0].embedding.weight.grad
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kept", [False, True])
def test_gradients_by_row_are_those_of_the_whole_table_in_float64(kept: bool, tmp_path: Path) -> None:
    encoder = opened(made(tmp_path / "theirs")).double()
    texts = [*TEXTS, TEXTS[0], "", TEXTS[3]]
    whole = pad(encoder.tokenize(texts, None), np.arange(len(texts)))
    generator = torch.Generator().manual_seed(2)
    cut = {
        "kept_tokens": torch.rand(whole.ids.shape, generator=generator) < 0.6,
        "kept_features": torch.rand(len(texts), 8, generator=generator) < 0.6,
    }
    chunk = replace(whole, **cut) if kept else whole
    weights = torch.randn(len(texts), 8, generator=generator, dtype=torch.float64)

    (encoder(chunk) * weights).sum().backward()
    expected, encoder.backbone.words.weight.grad = encoder.backbone.words.weight.grad, None
    with gradients_by_row(encoder.modules()):
        vectors = encoder(chunk)
    (vectors * weights).sum().backward()

    found = encoder.backbone.words.weight.grad
    assert found.is_sparse
    assert len(found._indices()[0].unique()) == found._indices().shape[1]
    torch.testing.assert_close(found.to_dense(), expected, atol=1e-14, rtol=1e-13)
    torch.testing.assert_close(vectors, Encoder.forward(encoder, chunk), atol=1e-14, rtol=1e-13)


def test_texts_without_any_token_have_a_gradient_of_no_row(tmp_path: Path) -> None:
    encoder = opened(made(tmp_path / "theirs"))
    with gradients_by_row(encoder.modules()):
        vectors = encoder(pad(encoder.tokenize(["", ""], None), np.arange(2)))
    vectors.sum().backward()

    assert not vectors.any()
    assert encoder.backbone.words.weight.grad.to_dense().abs().max() == 0


def test_a_row_alone_is_the_row_in_a_chunk_and_cut_features_are_zeros(tmp_path: Path) -> None:
    encoder = opened(made(tmp_path / "theirs"))
    tokens = encoder.tokenize(TEXTS, None)
    together = encoder(pad(tokens, np.arange(len(TEXTS))))
    alone = torch.cat([encoder(pad(tokens, rows)) for rows in one_by_one(len(TEXTS))])
    torch.testing.assert_close(together, alone)
    assert not together[-1].any()

    chunk = pad(tokens, np.arange(len(TEXTS)))
    whole = torch.ones(chunk.ids.shape, dtype=torch.bool)
    half = torch.arange(8).repeat(len(TEXTS), 1) < 4
    cut = encoder(type(chunk)(chunk.ids, chunk.mask, chunk.pooled, kept_tokens=whole, kept_features=half))
    torch.testing.assert_close(cut, together * half)


@pytest.mark.parametrize("post_processor", [False, True])
def test_a_length_is_saved_and_cuts_in_both_libraries(post_processor: bool, tmp_path: Path) -> None:
    folder = made(tmp_path / "theirs", post_processor=post_processor)
    assert opened(folder).max_length is None
    encoder = build_encoder(str(folder), max_length=4)
    encoder.save(tmp_path / "ours")

    assert encoder.tokenize(TEXTS, None).lengths.max() == 4
    again = opened(tmp_path / "ours")
    assert again.max_length == 4
    np.testing.assert_allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)
    np.testing.assert_allclose(unit(theirs(tmp_path / "ours").encode(TEXTS)), encoder.encode(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"layers": 2}, {"pooling": "cls"}, {"dropout": 0.1}, {"is_causal": True}, {"append_eos": True}]
)
def test_settings_of_a_backbone_are_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    recipe = minimal(encoder={"backbone": str(made(tmp_path / "theirs")), **settings})

    with pytest.raises(RecipeError, match=rf"^encoder\.{next(iter(settings))} is .* token embeddings, which have none"):
        build_from_recipe(parse(recipe))


def test_the_rate_of_a_dropout_behind_the_table_is_set_and_written(tmp_path: Path) -> None:
    folder = made(tmp_path / "theirs", Dropout(0.4), Dense(8, 8))
    assert opened(folder).dropout == pytest.approx(0.4)
    encoder = build_encoder(str(folder), dropout=0.25)
    encoder.save(tmp_path / "ours")

    assert encoder.dropout == theirs(tmp_path / "ours")[1].dropout == 0.25


def test_a_table_of_another_width_than_the_layer_behind_it_takes_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "theirs", Dropout(0.1), Dense(6, 6))

    with pytest.raises(ModelError, match=r"2_Dense/config\.json: it takes vectors of 6 numbers, but .* has 8"):
        opened(folder)


@pytest.mark.parametrize("of_table", ["queries", "documents"])
def test_a_table_is_a_tower_of_a_recipe_beside_a_transformer(of_table: str, tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "tiny")
    table = str(made(tmp_path / "theirs", Dense(8, 16)))
    transformer = {"backbone": str(tmp_path / "tiny"), "pooling": "cls", "dropout": 0.2, "layers": 1}
    section = (
        {"backbone": table, "documents": transformer}
        if of_table == "queries"
        else transformer | {"documents": {"backbone": table}}
    )
    rows = [{"anchor": text, "positive": f"{text} again"} for text in SENTENCES]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = parse(
        minimal(
            data={
                "sources": [{"use": "JsonLines", "path": str(tmp_path / "pairs.jsonl")}],
                "batch_size": 4,
                "max_length": 40,
            },
            encoder=section,
            training={"steps": 3, "learning_rate": 0.05},
        )
    )
    before = build_from_recipe(recipe)
    assert isinstance(before, TwoTower)

    train_recipe(recipe, tmp_path / "run")

    trained, model = open_encoder(tmp_path / "run"), theirs(tmp_path / "run" / "model")
    assert isinstance(trained, TwoTower)
    assert isinstance(getattr(trained, of_table), StaticEncoder)
    for role, encode in (("anchor", model.encode_query), ("positive", model.encode_document)):
        np.testing.assert_allclose(trained.encode(SENTENCES, role=role), unit(encode(list(SENTENCES))), atol=1e-6)
        assert np.abs(trained.encode(SENTENCES, role=role) - before.eval().encode(SENTENCES, role=role)).max() > 1e-3


def test_a_run_trains_the_table_is_resumed_and_opens_in_sentence_transformers(tmp_path: Path) -> None:
    rows = [{"anchor": text, "positive": f"{text} again"} for text in SENTENCES]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = made(tmp_path / "theirs")
    recipe = parse(
        minimal(
            data={"sources": [{"use": "JsonLines", "path": str(tmp_path / "pairs.jsonl")}], "batch_size": 4},
            encoder={"backbone": str(folder), "prompts": {"anchor": "query: "}},
            training={"steps": 4, "learning_rate": 0.1, "save_every": 2},
        )
    )

    train_recipe(recipe, tmp_path / "run")

    trained = open_encoder(tmp_path / "run")
    assert np.abs(trained.encode(SENTENCES) - open_encoder(folder).encode(SENTENCES)).max() > 1e-2
    found = unit(theirs(tmp_path / "run" / "model").encode_query(list(SENTENCES)))
    np.testing.assert_allclose(trained.encode(SENTENCES, role="anchor"), found, atol=1e-6)
    shutil.copytree(tmp_path / "run", tmp_path / "stopped")
    for name in ("checkpoints/step-4", "model"):
        shutil.rmtree(tmp_path / "stopped" / name)
    train_recipe(recipe, tmp_path / "stopped", resume=True)
    assert np.array_equal(open_encoder(tmp_path / "stopped").encode(SENTENCES), trained.encode(SENTENCES))
