"""Modules around the pooling, and lengths by role: our vectors and gradients against those of sentence-transformers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling, WeightedLayerPooling
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
