"""Attention for short rows on the CPU: plain matrix products, softmax and dropout in one autograd function.

torch's fused kernel for the CPU is several times slower than this on rows of up to some hundred tokens, and knows no
dropout. Numerics are those of transformers' eager attention: scores and their softmax in float32 under autocast, matrix
products in the query's format. Everything unusual (another device, long rows, position biases, shared key heads) is
handed to transformers' own `sdpa`.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from textcl.encoder.fast_dropout import apply_mask, draw_mask, dropped_levels, scale_of_kept

NAME = "textcl"  # under which transformers finds the two functions below
LONGEST_ROW = 256  # tokens; above, the fused kernel is faster
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
        if query.device.type == "cpu" and attention_mask is not None:
            attention_mask = _narrow(attention_mask, query.dtype)
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)
    query, key, value = (_as_autocast(tensor) for tensor in (query, key, value))
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    return _Attention.apply(query, key, value, attention_mask, dropout, scaling), None  # type: ignore[no-untyped-call]


def _is_unusual(query: Tensor, key: Tensor, dropout: float, kwargs: dict[str, Any]) -> bool:
    """Say whether a call needs more than `_Attention` does, or is better served by the fused kernel."""
    if query.device.type != "cpu" or query.shape[:2] != key.shape[:2]:
        return True
    if any(kwargs.get(name) is not None for name in _EXTRAS):
        return True
    return key.shape[2] > LONGEST_ROW and dropped_levels(dropout) == 0


def _as_autocast(tensor: Tensor) -> Tensor:
    """Change float32 to the format of autocast, where it is on."""
    if tensor.dtype is torch.float32 and torch.is_autocast_enabled("cpu"):
        return tensor.to(torch.get_autocast_dtype("cpu"))
    return tensor


def _narrow(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Change a mask's format and keep it finite: a row that sees nothing must not become NaN."""
    return mask.clamp(min=torch.finfo(dtype).min).to(dtype)


class _Attention(torch.autograd.Function):
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
        rows, heads, _, channels = query.shape
        query, key, value = (tensor.flatten(0, 1) for tensor in (query, key, value))  # (n * heads, L, channels)
        scores = _product(query, key.transpose(1, 2), scaling)  # (n * heads, L, L)
        probabilities = _softmax(scores.unflatten(0, (rows, heads)), mask).flatten(0, 1)
        kept, scale, mixing = None, 1.0, probabilities
        if dropped_levels(dropout):
            kept, scale = draw_mask(probabilities.shape, dropout), scale_of_kept(dropout)
            mixing = apply_mask(probabilities, kept)
        ctx.save_for_backward(query, key, value, probabilities, kept)  # type: ignore[arg-type]  # None may be saved
        ctx.rows, ctx.scale, ctx.scaling = rows, scale, scaling  # type: ignore[attr-defined]
        mixed = _product(mixing, value, scale)
        return mixed.view(rows, heads, -1, channels).transpose(1, 2).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, probabilities, kept = ctx.saved_tensors  # type: ignore[attr-defined]
        scale, scaling = ctx.scale, ctx.scaling  # type: ignore[attr-defined]
        gradient = gradient.transpose(1, 2).flatten(0, 1)  # (n * heads, L, channels)
        mixing = probabilities if kept is None else apply_mask(probabilities, kept)
        of_value = _product(mixing.transpose(1, 2), gradient, scale)
        of_mixing = _product(gradient, value.transpose(1, 2), scale)
        of_probabilities = of_mixing if kept is None else apply_mask(of_mixing, kept)
        of_scores = _softmax_backward(of_probabilities, probabilities)
        of_query = _product(of_scores, key, scaling)
        of_key = _product(of_scores.transpose(1, 2), query, scaling)
        rows = ctx.rows  # type: ignore[attr-defined]
        return (*(tensor.unflatten(0, (rows, -1)) for tensor in (of_query, of_key, of_value)), None, None, None)


def _product(left: Tensor, right: Tensor, factor: float) -> Tensor:
    """Return left @ right * factor, one rounding for both."""
    return torch.baddbmm(left.new_empty(1, 1, 1), left, right, beta=0, alpha=factor)


def _softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Return the probabilities of the scores (n, heads, L, L) in their format, computed in float32 at least."""
    masked = scores if mask is None else scores + mask
    wide = torch.promote_types(masked.dtype, torch.float32)
    return torch.softmax(masked, dim=-1, dtype=wide).to(scores.dtype)


def _softmax_backward(gradient: Tensor, probabilities: Tensor) -> Tensor:
    """Return the gradient of the scores, from that of their softmax."""
    dtype = gradient.dtype
    if dtype is torch.bfloat16 and gradient.shape[-1] < SHORTEST_IN_BF16:
        gradient, probabilities = gradient.float(), probabilities.float()
    return torch._softmax_backward_data(gradient, probabilities, -1, gradient.dtype).to(dtype)
