"""The fast attention against eager attention written out, and the cases that it hands over."""

import math

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig
from transformers.masking_utils import create_bidirectional_mask

from textcl.encoder.cpu import attention as fast_attention  # swaps registers the mask
from textcl.encoder.cpu.attention import attention
from textcl.encoder.cpu.dropout import draw_mask, scale_of_kept

LAYER = nn.Module()
LAYER.is_causal = False


def heads_of(length: int, dtype: torch.dtype = torch.float64, rows: int = 3) -> list[Tensor]:
    """Query, key and value (rows, 2, length, 4), laid out as projections leave them."""
    torch.manual_seed(length)
    return [torch.randn(rows, length, 2, 4).to(dtype).transpose(1, 2).requires_grad_() for _ in range(3)]


def mask_of(length: int, dtype: torch.dtype = torch.float64, rows: int = 3) -> Tensor:
    """An additive mask in which row i sees all but its last i tokens, (rows, 1, length, length)."""
    seen = torch.arange(length) < length - torch.arange(rows)[:, None]
    added = torch.zeros(rows, length, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
    return added[:, None, None].repeat(1, 1, length, 1)


def naive(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, kept: Tensor | None, scale: float) -> Tensor:
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
    probabilities = (scores if mask is None else scores + mask).softmax(-1)
    if kept is not None:
        probabilities = probabilities * kept.view_as(probabilities).ne(0) * scale
    return (probabilities @ value).transpose(1, 2)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_that_of_finite_differences(masked: bool, dropout: float) -> None:
    mask = mask_of(5) if masked else None

    def call(*heads: Tensor) -> Tensor:
        torch.manual_seed(4)
        return attention(LAYER, *heads, mask, dropout, 0.7)[0]

    assert torch.autograd.gradcheck(call, heads_of(5))


@pytest.mark.parametrize("length", [5, 31, 32, 40])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_it_equals_the_formula_under_the_same_mask(
    dtype: torch.dtype, tolerance: float, dropout: float, length: int
) -> None:
    heads, mask = heads_of(length, dtype), mask_of(length, torch.float32)
    exact = [head.detach().double().requires_grad_() for head in heads]
    torch.manual_seed(8)
    output = attention(LAYER, *heads, mask, dropout)[0]
    torch.manual_seed(8)
    kept = draw_mask((6, length, length), dropout) if dropout else None
    expected = naive(*exact, mask.double(), kept, scale_of_kept(dropout))
    above = torch.randn_like(expected)
    found = torch.autograd.grad(output, heads, above.to(dtype))
    wanted = torch.autograd.grad(expected, exact, above)
    for ours, theirs in zip((output, *found), (expected, *wanted), strict=True):
        assert ours.dtype == dtype
        assert (ours.double() - theirs).norm() < tolerance * theirs.norm()


def test_the_same_seed_gives_the_same_bits_forward_and_backward() -> None:
    runs = []
    heads = heads_of(20, torch.bfloat16)
    for seed in (6, 6, 7):
        torch.manual_seed(seed)
        output = attention(LAYER, *heads, None, 0.1)[0]
        runs.append((output, *torch.autograd.grad(output.float().square().sum(), heads)))
    assert all(torch.equal(first, second) for first, second in zip(runs[0], runs[1], strict=True))
    assert not torch.equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_needs_no_gradient_is_the_same(dtype: torch.dtype) -> None:
    heads, mask = heads_of(20, dtype), mask_of(20, torch.float32)
    kept = attention(LAYER, *heads, mask)[0]
    with torch.no_grad():
        assert torch.allclose(attention(LAYER, *heads, mask)[0], kept, atol=1e-6)


def test_float32_heads_are_multiplied_in_bf16_under_autocast() -> None:
    heads = heads_of(6, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        output = attention(LAYER, *heads, None)[0]
    assert output.dtype is torch.bfloat16
    output.float().sum().backward()
    assert all(head.grad is not None and head.grad.dtype is torch.float32 for head in heads)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_that_sees_nothing_stays_finite(dtype: torch.dtype) -> None:
    for length in (6, fast_attention.LONGEST_WITH_GRADIENT + 1):
        heads = heads_of(length, dtype, rows=1)
        mask = torch.full((1, 1, length, length), torch.finfo(torch.float32).min)
        output = attention(LAYER, *heads, mask)[0]
        gradients = torch.autograd.grad(output.float().sum(), heads)
        assert all(tensor.isfinite().all() for tensor in (output, *gradients))


def test_many_blocks_equal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for block in (1, 2 * 2 * 9 * 9, 1 << 18):  # a row, two rows, all rows at a time
        monkeypatch.setattr(fast_attention, "BLOCK", block)
        heads = heads_of(9, torch.float32)
        torch.manual_seed(2)
        output = attention(LAYER, *heads, mask_of(9, torch.float32), 0.1)[0]
        runs.append((output, *torch.autograd.grad(output.square().sum(), heads)))
    for run in runs[:2]:
        assert all(torch.allclose(ours, whole, atol=1e-6) for ours, whole in zip(run, runs[2], strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_long_rows_equal_the_formula_whoever_computes_them(dropout: float) -> None:
    length = fast_attention.LONGEST_WITH_GRADIENT + 3
    heads, mask = heads_of(length, torch.float32, rows=2), mask_of(length, torch.float32, rows=2)
    torch.manual_seed(8)
    output = attention(LAYER, *heads, mask, dropout)[0]
    torch.manual_seed(8)
    kept = draw_mask((4, length, length), dropout) if dropout else None
    assert torch.allclose(output, naive(*heads, mask, kept, scale_of_kept(dropout)), atol=1e-5)


@pytest.mark.parametrize(
    ("gradient", "dtype", "longest"),
    [
        (True, torch.float32, fast_attention.LONGEST_WITH_GRADIENT),
        (False, torch.float32, fast_attention.LONGEST_ROW),
        (False, torch.bfloat16, fast_attention.LONGEST_IN_BF16),
    ],
)
@pytest.mark.parametrize(("beyond", "dropout", "handed_over"), [(1, 0.0, True), (1, 0.1, False), (0, 0.0, False)])
def test_long_rows_without_dropout_are_handed_over(
    monkeypatch: pytest.MonkeyPatch,
    beyond: int,
    dropout: float,
    handed_over: bool,
    gradient: bool,
    dtype: torch.dtype,
    longest: int,
) -> None:
    def recorded(*arguments: object) -> tuple[Tensor, None]:
        calls.append(arguments)
        return torch.empty(0), None

    calls: list[object] = []
    monkeypatch.setattr(fast_attention, "sdpa_attention_forward", recorded)
    heads = [head.detach().requires_grad_(gradient) for head in heads_of(longest + beyond, dtype, rows=1)]
    attention(LAYER, *heads, None, dropout)
    assert bool(calls) is handed_over


def test_a_position_bias_is_added() -> None:
    heads, mask = heads_of(7, torch.float32), mask_of(7, torch.float32)
    bias = torch.randn(1, 2, 7, 7)
    output = attention(LAYER, *heads, mask, scaling=0.5, position_bias=bias)[0]
    assert torch.allclose(output, naive(*heads, mask + bias, None, 1.0), atol=1e-5)


def test_key_heads_may_be_shared() -> None:
    query, key, value = heads_of(7, torch.float32)
    layer = nn.Module()
    layer.is_causal, layer.num_key_value_groups = False, 2
    output = attention(layer, query, key[:, :1], value[:, :1], None)[0]
    shared = [head[:, :1].expand(-1, 2, -1, -1) for head in (key, value)]
    assert torch.allclose(output, naive(query, *shared, None, None, 1.0), atol=1e-5)


@pytest.mark.parametrize(("device", "dtype"), [("cpu", torch.float32), ("meta", torch.bool)])
def test_the_mask_is_added_on_the_cpu_and_sdpas_own_elsewhere(device: str, dtype: torch.dtype) -> None:
    config = BertConfig(attn_implementation=fast_attention.NAME)
    embeddings = torch.empty(2, 5, 8, device=device)
    tokens = torch.ones(2, 5, device=device)
    mask = create_bidirectional_mask(config, embeddings, tokens, allow_is_bidirectional_skip=False)
    assert mask is not None
    assert mask.dtype is dtype
