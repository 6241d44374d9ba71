"""Packed weights: the products of autocast, for a block and no longer."""

import pytest
import torch
from torch import nn

from tests.tiny import KINDS, tiny_backbone
from textcl.encoder.cpu.linear import packed_weights

needs_bf16 = pytest.mark.skipif(
    not (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()),
    reason="this processor does not multiply in bf16, so nothing is packed",
)
bf16 = torch.autocast("cpu", torch.bfloat16)


@needs_bf16
@pytest.mark.parametrize("bias", [True, False])
def test_packed_products_are_those_of_bf16_weights(bias: bool) -> None:
    layer = nn.Linear(48, 40, bias=bias)
    values = torch.randn(3, 7, 48)
    exact = nn.functional.linear(
        values.bfloat16().double(),
        layer.weight.bfloat16().double(),
        layer.bias.bfloat16().double() if bias else None,
    )
    with torch.inference_mode(), bf16, packed_weights(layer):
        for _ in range(3):  # the first call is not packed yet
            product = layer(values)
    assert product.dtype is torch.bfloat16
    assert (product.double() - exact).abs().max() <= exact.abs().max() * 2**-8


@needs_bf16
@pytest.mark.parametrize("kind", KINDS)
def test_a_backbone_gives_the_same_vectors_packed(kind: str) -> None:
    backbone = tiny_backbone(kind)
    ids = torch.randint(5, 50, (4, 9), generator=torch.Generator().manual_seed(3))
    with torch.inference_mode(), bf16:
        plain = backbone(input_ids=ids).last_hidden_state
        with packed_weights(backbone):
            for _ in range(2):
                packed = backbone(input_ids=ids).last_hidden_state
    assert (packed - plain).norm() < 0.02 * plain.norm()


@needs_bf16
def test_layers_are_packed_from_the_second_call_on() -> None:
    layer = nn.Linear(8, 8)
    with torch.inference_mode(), bf16, packed_weights(layer):
        layer(torch.randn(2, 8))
        assert layer.forward.weight is None
        layer(torch.randn(2, 8))
        assert layer.forward.weight is not None


@needs_bf16
def test_packed_at_once_the_first_call_gives_the_bits_of_the_later_ones() -> None:
    layer, values = nn.Linear(384, 384), torch.randn(1, 7, 384)
    with torch.inference_mode(), bf16, packed_weights(layer, at_once=True):
        first = layer(values)
        assert layer.forward.weight is not None
        assert torch.equal(first, layer(values))


@needs_bf16
def test_after_the_block_new_weights_count() -> None:
    layer = nn.Linear(8, 8)
    with torch.inference_mode(), bf16, packed_weights(layer):
        for _ in range(2):
            layer(torch.ones(1, 8))
    assert "forward" not in vars(layer)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.fill_(2)
    assert torch.equal(layer(torch.ones(1, 8)), torch.full((1, 8), 2.0))


def test_a_block_that_fails_leaves_the_layers_as_they_were() -> None:
    layer = nn.Linear(8, 8)
    with pytest.raises(RuntimeError, match="stop"), bf16, packed_weights(layer):
        raise RuntimeError("stop")
    assert "forward" not in vars(layer)


def test_nothing_is_packed_without_autocast_to_bf16() -> None:
    layer = nn.Linear(8, 8)
    with packed_weights(layer):
        assert "forward" not in vars(layer)


def test_double_precision_is_left_alone() -> None:
    layer = nn.Linear(8, 8).double()
    with bf16, packed_weights(layer):
        assert "forward" not in vars(layer)
