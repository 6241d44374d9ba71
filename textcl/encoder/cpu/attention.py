"""Attention for short rows on the CPU: plain matrix products, softmax and dropout in one autograd function.

torch's fused kernel for the CPU takes several times as long for the backward pass of such rows, and knows no
dropout. Numerics are those of transformers' eager attention: scores and their softmax in float32 under autocast, matrix
products in the query's format. Everything unusual (another device, long rows, position biases, shared key heads) is
handed to transformers' own `sdpa`.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from textcl.encoder.cpu.dropout import apply_mask, draw_mask, dropped_levels, scale_of_kept

_ATTEND_BLOCK = 1 << 19  # probabilities that are worked on at a time


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    """Mix values by the softmax of the scaled, masked products of queries and keys.

    Products are in the format of the heads, the softmax in float32 at least.

    Args:
        query, key, value: (n, heads, L, channels), one format.
        mask: Added to the scores, (n, 1, L, L), or None.
        scaling: Multiplies the scores.

    Returns:
        The mixed values, (n, L, heads, channels).
    """
    rows, heads, length, _ = query.shape
    wide = torch.promote_types(query.dtype, torch.float32)
    blocks = max(1, -(-rows * heads * length * length // _ATTEND_BLOCK))
    step = max(1, -(-rows // blocks))  # equal blocks have one shape, which kernels are built for once
    scores = query.new_empty(step * heads, length, length)
    probabilities = scores if scores.dtype is wide else scores.new_empty(scores.shape, dtype=wide)
    mixed = query.new_empty(rows, length, heads, value.shape[3])
    for start in range(0, rows, step):
        block = slice(start, start + step)
        own = query[block].flatten(0, 1)  # (block * heads, L, channels)
        product, share = scores[: len(own)], probabilities[: len(own)]
        torch.baddbmm(product, own, key[block].flatten(0, 1).transpose(1, 2), beta=0, alpha=scaling, out=product)
        if mask is not None:
            by_row = (-1, heads, length, length)
            torch.add(product.view(by_row), mask[block], out=share.view(by_row))
        torch.softmax(product if mask is None else share, dim=-1, dtype=wide, out=share)
        if share is not product:
            product.copy_(share)
        mixed[block] = (
            torch.bmm(product, value[block].flatten(0, 1)).view(-1, heads, length, value.shape[3]).transpose(1, 2)
        )
    return mixed


NAME = "textcl"  # under which transformers finds the two functions below
LONGEST_ROW = 128  # tokens; above, the fused kernel is as fast or faster
LONGEST_IN_BF16 = 384  # tokens, without a gradient; the fused kernel's products gain little by bf16
LONGEST_WITH_GRADIENT = 256  # tokens; its backward pass is slower, but above it saves memory
BLOCK = 1 << 18  # probabilities that are worked on at a time
SHORTEST_IN_BF16 = 32  # tokens; below, torch's bf16 kernel of the softmax backward is not vectorised
_EXTRAS = ("position_bias", "softcap", "cache")  # arguments of sdpa that `_Attention` has not


def attention_mask(*, device: torch.device | str, **kwargs: Any) -> Tensor | None:  # Any: transformers' own arguments
    """Build the mask that `attention` wants: added to the scores on the CPU, sdpa's own elsewhere."""
    build = eager_mask if torch.device(device).type == "cpu" else sdpa_mask
    return build(device=device, **kwargs)


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend as transformers' `AttentionInterface` asks for.

    Args:
        module: The layer that calls.
        query, key, value: (n, heads, L, channels), one format.
        attention_mask: Added to the scores, (n, 1, L, L), or None.
        dropout: The rate on the probabilities.
        scaling: Multiplies the scores; None is 1/sqrt(channels).

    Returns:
        The mixed values, (n, L, heads, channels), and None for the probabilities.
    """
    if _is_unusual(query, key, dropout, kwargs):
        if attention_mask is not None and attention_mask.dtype is not torch.bool:
            attention_mask = attention_mask.to(query.dtype)
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)
    query, key, value = (_as_autocast(tensor) for tensor in (query, key, value))
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    if not _wants_gradient(query, key, value) and dropped_levels(dropout) == 0:
        return attend(query, key, value, attention_mask, scaling), None
    return _Attention.apply(query, key, value, attention_mask, dropout, scaling), None  # type: ignore[no-untyped-call]  # torch's apply has no types


def _is_unusual(query: Tensor, key: Tensor, dropout: float, kwargs: dict[str, Any]) -> bool:
    """Say whether a call needs more than `_Attention` does, or is better served by the fused kernel."""
    if query.device.type != "cpu" or query.shape[:2] != key.shape[:2]:
        return True
    if any(kwargs.get(name) is not None for name in _EXTRAS):
        return True
    return key.shape[2] > _longest(query, key) and dropped_levels(dropout) == 0


def _longest(query: Tensor, key: Tensor) -> int:
    """Return the tokens of a row up to which plain products are faster than the fused kernel."""
    if _wants_gradient(query, key):
        return LONGEST_WITH_GRADIENT
    return LONGEST_IN_BF16 if query.dtype is torch.bfloat16 else LONGEST_ROW


def _wants_gradient(*heads: Tensor) -> bool:
    return torch.is_grad_enabled() and any(head.requires_grad for head in heads)


def _as_autocast(tensor: Tensor) -> Tensor:
    """Change float32 to the format of autocast, where it is on."""
    if tensor.dtype is torch.float32 and torch.is_autocast_enabled("cpu"):
        return tensor.to(torch.get_autocast_dtype("cpu"))
    return tensor


class _Attention(torch.autograd.Function):
    """Works block by block, each of some rows, so that what is not kept for the backward pass stays in the cache."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        dropout: float,
        scaling: float,
    ) -> Tensor:
        query, key, value = (tensor.contiguous() for tensor in (query, key, value))  # (n, heads, L, channels)
        probabilities = query.new_empty(*query.shape[:3], key.shape[2])  # (n, heads, L, L)
        kept = draw_mask(probabilities.shape, dropout) if dropped_levels(dropout) else None
        scale = scale_of_kept(dropout)
        mixed = query.new_empty(query.transpose(1, 2).shape)  # (n, L, heads, channels)
        for rows in _blocks(probabilities):
            scores = _product(query[rows], key[rows].transpose(2, 3), scaling)
            probabilities[rows] = _softmax(scores, None if mask is None else mask[rows])
            mixing = _kept(probabilities[rows], kept, rows)
            mixed[rows] = _product(mixing, value[rows], scale).transpose(1, 2)
        ctx.save_for_backward(query, key, value, probabilities, kept)  # type: ignore[arg-type]  # None may be saved
        ctx.scale, ctx.scaling = scale, scaling  # type: ignore[attr-defined]  # torch lets a context hold anything
        return mixed

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, probabilities, kept = ctx.saved_tensors  # type: ignore[attr-defined]  # torch lets a context hold anything
        scale, scaling = ctx.scale, ctx.scaling  # type: ignore[attr-defined]  # torch lets a context hold anything
        of_query, of_key, of_value = (torch.empty_like(tensor) for tensor in (query, key, value))
        for rows in _blocks(probabilities):
            of_mixed = gradient[rows].transpose(1, 2)  # (rows, heads, L, channels)
            mixing = _kept(probabilities[rows], kept, rows)
            of_value[rows] = _product(mixing.transpose(2, 3), of_mixed, scale)
            of_mixing = _product(of_mixed, value[rows].transpose(2, 3), scale)
            of_scores = _softmax_backward(_kept(of_mixing, kept, rows), probabilities[rows])
            of_query[rows] = _product(of_scores, key[rows], scaling)
            of_key[rows] = _product(of_scores.transpose(2, 3), query[rows], scaling)
        return of_query, of_key, of_value, None, None, None


def _blocks(probabilities: Tensor) -> Iterator[slice]:
    """Yield slices of rows, each of about `BLOCK` probabilities."""
    rows = len(probabilities)
    step = max(1, BLOCK // max(1, probabilities[0].numel())) if rows else 1
    return (slice(start, start + step) for start in range(0, rows, step))


def _kept(values: Tensor, kept: Tensor | None, rows: slice) -> Tensor:
    """Return what dropout keeps of a block, not scaled."""
    return values if kept is None else apply_mask(values, kept[rows])


def _product(left: Tensor, right: Tensor, factor: float) -> Tensor:
    """Return left @ right * factor of two (rows, heads, ., .), with one rounding."""
    flat = torch.baddbmm(left.new_empty(1, 1, 1), left.flatten(0, 1), right.flatten(0, 1), beta=0, alpha=factor)
    return flat.view(*left.shape[:2], *flat.shape[1:])


def _softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Return the probabilities of scores (rows, heads, L, L), in float32 at least."""
    masked = scores if mask is None else scores + mask
    return torch.softmax(masked, dim=-1, dtype=torch.promote_types(masked.dtype, torch.float32))


def _softmax_backward(gradient: Tensor, probabilities: Tensor) -> Tensor:
    """Return the gradient of the scores, from that of their softmax."""
    dtype = gradient.dtype
    if dtype is torch.bfloat16 and gradient.shape[-1] < SHORTEST_IN_BF16:
        gradient, probabilities = gradient.float(), probabilities.float()
    return torch._softmax_backward_data(gradient, probabilities, -1, gradient.dtype).to(dtype)
