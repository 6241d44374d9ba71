"""Attention without a gradient or dropout, for the CPU: a few rows at a time, in buffers that stay in the cache."""

import torch
from torch import Tensor

BLOCK = 1 << 19  # probabilities that are worked on at a time


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
    blocks = max(1, -(-rows * heads * length * length // BLOCK))
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
