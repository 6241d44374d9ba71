"""Modules around the pooling, and lengths by role: our vectors and gradients against those of sentence-transformers."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sentence_transformers.base.modules as base
import sentence_transformers.cross_encoder.modules as cross
import sentence_transformers.multi_vector_encoder.modules as multi_vector
import sentence_transformers.sentence_transformer.modules as sentence
import sentence_transformers.sparse_encoder.modules as sparse
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Pooling, WeightedLayerPooling
from torch import nn

from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.errors import ModelError
from textcl.types.text import Role
from textcl.util.packing import one_by_one, pad

NEAR = 1e-6


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


def opened(folder: Path) -> Encoder:
    encoder = open_encoder(folder)
    assert isinstance(encoder, Encoder)
    return encoder


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def wide(module: nn.Module, seed: int = 5) -> nn.Module:
    """A module with weights that are far from those it starts with."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data = torch.rand(parameter.shape, generator=generator) + 0.1
    return module


def made(tmp_path: Path, *after: nn.Module, mixes: bool = False, hands_out: bool = True) -> Path:
    """A model of sentence-transformers, saved by it."""
    tiny_encoder().save(tmp_path / "tiny")
    arguments = {"config_kwargs": {"output_hidden_states": True}} if mixes and hands_out else {}
    modules: list[nn.Module] = [Transformer(str(tmp_path / "tiny"), **arguments)]
    if mixes:
        modules.append(wide(WeightedLayerPooling(16, num_hidden_layers=2, layer_start=1)))
    pooling = (
        ("cls", "mean") if any(isinstance(module, Dense) and module.in_features == 32 for module in after) else "mean"
    )
    modules += [Pooling(16, pooling_mode=pooling), *map(wide, after)]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "theirs"))
    return tmp_path / "theirs"


CASES = {
    "norm": (LayerNorm(16),),
    "residual": (Dense(16, 16, activation_function=nn.Tanh(), use_residual=True),),
    "residual to another width": (Dense(16, 8, activation_function=nn.GELU(), use_residual=True),),
    "several": (Dense(16, 24, bias=False), LayerNorm(24), Dense(24, 24, use_residual=True), LayerNorm(24)),
    "joined": (Dense(32, 8), LayerNorm(8)),
    "dropout between": (Dense(16, 12), Dropout(0.3), LayerNorm(12)),
    "unit length before a dense": (Normalize(), Dense(16, 8)),
    "unit length everywhere": (Normalize(), Dense(16, 8), Normalize(), LayerNorm(8), Normalize(), Normalize()),
    "dropout last": (Dropout(0.1), Dense(16, 8), Normalize(), Dropout(0.5)),
}


@pytest.mark.parametrize("mixes", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_modules_give_the_same_vectors_opened_and_saved_again(case: str, mixes: bool, tmp_path: Path) -> None:
    folder = made(tmp_path, *CASES[case], mixes=mixes)
    expected = unit(theirs(folder).encode(list(SENTENCES)))

    encoder = opened(folder)
    encoder.save(tmp_path / "ours")

    assert encoder.dimension == expected.shape[1]
    for vectors in (
        encoder.encode(SENTENCES),
        opened(tmp_path / "ours").encode(SENTENCES),
        unit(theirs(tmp_path / "ours").encode(list(SENTENCES))),
    ):
        np.testing.assert_allclose(vectors, expected, atol=NEAR)


@pytest.mark.parametrize("mixes", [False, True])
def test_every_weight_of_the_modules_has_the_gradient_of_sentence_transformers(mixes: bool, tmp_path: Path) -> None:
    folder = made(tmp_path, *CASES["several"], mixes=mixes)
    encoder, model = build_encoder(str(folder)), theirs(folder)
    assert isinstance(encoder, Encoder)
    tokens = encoder.tokenize(SENTENCES[:1], None)

    encoder.eval()(pad(tokens, one_by_one(1)[0], "cpu")).square().sum().backward()
    features = model.eval().preprocess(list(SENTENCES[:1]))
    for module in model:
        features = module(features)
    features["sentence_embedding"].square().sum().backward()

    own = [parameter.grad for name, parameter in encoder.named_parameters() if not name.startswith("backbone.")]
    found = {tuple(gradient.shape): gradient for gradient in own if gradient is not None}
    expected = [parameter.grad for module in list(model)[1:] for parameter in module.parameters()]
    assert len(own) == len(expected) > 6
    for gradient in (one for one in expected if one.ndim == 2 or one.shape == (2,)):
        torch.testing.assert_close(found[tuple(gradient.shape)], gradient, atol=1e-5, rtol=1e-4)


def test_the_rate_of_a_dropout_counts_is_set_and_is_written(tmp_path: Path) -> None:
    folder = made(tmp_path, Dropout(0.7), Dense(16, 8))
    assert opened(folder).dropout == 0.7

    encoder = build_encoder(str(folder), dropout=0.25)
    encoder.save(tmp_path / "ours")

    assert encoder.dropout == theirs(tmp_path / "ours")[2].dropout == 0.25


def test_a_dropout_behind_the_pooling_drops_in_training_alone(tmp_path: Path) -> None:
    encoder = build_encoder(str(made(tmp_path, Dropout(0.5), mixes=False)))
    chunk = pad(encoder.tokenize(SENTENCES, None), np.arange(len(SENTENCES)), "cpu")

    assert (encoder.train()(chunk) == 0).float().mean() == pytest.approx(0.5, abs=0.2)
    assert (encoder.eval()(chunk) != 0).all()


@pytest.mark.parametrize("module", [Normalize, partial(Dense, 16, 16)])
def test_a_layer_of_token_vectors_is_refused_wherever_it_stands(
    module: Callable[..., nn.Module], tmp_path: Path
) -> None:
    of_tokens = module(module_input_name="token_embeddings")
    folder = made(tmp_path, of_tokens)
    kind = type(of_tokens).__name__

    with pytest.raises(
        ModelError, match=rf"2_{kind}/config\.json: {kind} works on token_embeddings; textcl opens {kind}"
    ):
        opened(folder)
    listed = json.loads((folder / "modules.json").read_text())
    listed[1], listed[2] = listed[2], listed[1]
    (folder / "modules.json").write_text(json.dumps(listed))
    with pytest.raises(ModelError, match=rf"the modules are Transformer, {kind}, Pooling.* name another model\.$"):
        opened(folder)


OPENED = {"Dense", "Dropout", "LayerNorm", "Normalize", "Pooling", "Router", "StaticEmbedding", "Transformer"}
OTHERS = sorted(
    f"{cls.__module__}.{cls.__name__}"
    for package in (base, sentence, sparse, multi_vector, cross)
    for cls in {getattr(package, name) for name in package.__all__}
    if cls.__name__ not in {*OPENED, "WeightedLayerPooling", "Module", "InputModule"}
)


@pytest.mark.parametrize("path", dict.fromkeys(OTHERS))
def test_every_other_module_of_sentence_transformers_is_refused_by_name(path: str, tmp_path: Path) -> None:
    folder = made(tmp_path, LayerNorm(16))
    listed = json.loads((folder / "modules.json").read_text())
    listed[2]["type"] = path
    (folder / "modules.json").write_text(json.dumps(listed))

    with pytest.raises(
        ModelError, match=rf"^\S+modules\.json: textcl does not know the module {path}; .* name another"
    ):
        opened(folder)


def test_layers_that_the_backbone_does_not_hand_out_are_passed_over_as_there(tmp_path: Path) -> None:
    folder = made(tmp_path, mixes=True, hands_out=False)

    encoder = opened(folder)
    encoder.save(tmp_path / "ours")

    expected = unit(theirs(folder).encode(list(SENTENCES)))
    np.testing.assert_allclose(encoder.encode(SENTENCES), expected, atol=NEAR)
    np.testing.assert_allclose(unit(theirs(tmp_path / "ours").encode(list(SENTENCES))), expected, atol=NEAR)


def test_fewer_layers_than_are_mixed_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path, mixes=True)

    with pytest.raises(ModelError, match="WeightedLayerPooling mixes 2 layers; the backbone hands out 1"):
        build_encoder(str(folder), layers=1)


def test_lengths_by_role_are_those_of_sentence_transformers(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "tiny")
    encoder = build_encoder(str(tmp_path / "tiny"), max_length={"anchor": 5, "positive": 9})
    assert isinstance(encoder, Encoder)
    encoder.save(tmp_path / "ours")
    model = theirs(tmp_path / "ours")
    model.save(str(tmp_path / "theirs"))

    assert model.max_seq_length == encoder.max_length == 9
    for role, tokens in ((Role.ANCHOR, 5), (Role.POSITIVE, 9), (Role.NEGATIVE, 9), (None, 9)):
        assert encoder.tokenize(SENTENCES, role).lengths.max() == tokens
    for again in (encoder, opened(tmp_path / "ours"), opened(tmp_path / "theirs")):
        for role, expected in (
            ("anchor", model.encode_query(list(SENTENCES))),
            ("positive", model.encode_document(list(SENTENCES))),
            (None, model.encode(list(SENTENCES))),
        ):
            np.testing.assert_allclose(again.encode(SENTENCES, role=role), unit(expected), atol=NEAR)
    assert np.abs(encoder.encode(SENTENCES, role="anchor") - encoder.encode(SENTENCES)).max() > 1e-3
