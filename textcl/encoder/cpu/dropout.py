"""Dropout for the CPU with masks from a fast generator, about eight times as fast as torch's own.

No generator is kept: every call draws one seed from torch's CPU generator and makes its whole mask from that seed. So a
mask is a pure function of torch's random state, and whoever restores that state (a replayed chunk,
`torch.utils.checkpoint`) gets the very same mask again.

Masks are drawn with 16 bits a value: the rate p becomes round(p * 65536) / 65536, and the kept values are scaled by
what is really kept, so that the expectation is exact. A mask holds -1 (all bits set) where a value is kept and 0 where
it is dropped; a bitwise AND applies it to any number format.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

_LEVELS = 1 << 16  # values that 16 bits can take
_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # the integer of a number's width in bytes


class FastDropout(nn.Dropout):
    """`nn.Dropout` with fast masks on the CPU; tensors on other devices get torch's own kernel."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (nn.Dropout names it so)
        """Drop each value with probability `p` while training; any shape."""
        if input.device.type != "cpu":
            return F.dropout(input, self.p, self.training)
        return fast_dropout(input, self.p) if self.training else input


def fast_dropout(values: Tensor, p: float) -> Tensor:
    """Set each value to zero with probability `p` and scale the others, so that the expectation stays.

    Args:
        values: Numbers on the CPU, any shape, bf16 to float64.
        p: The rate, 0 to 1; 0 returns `values` as they are.
    """
    if dropped_levels(p) == 0:
        return values
    mask = draw_mask(values.shape, p)
    return _Dropout.apply(values, mask, scale_of_kept(p))  # type: ignore[no-any-return, no-untyped-call]  # torch's apply has no types


def draw_mask(shape: torch.Size | tuple[int, ...], p: float) -> Tensor:
    """Draw an int16 mask of a shape: 0 with probability `p`, else -1. Uses one number of torch's CPU generator."""
    seed = int(torch.randint(2**63 - 1, (), device="cpu"))
    generator = np.random.Generator(np.random.SFC64(seed))
    count = int(np.prod(shape))
    words = generator.integers(0, 2**64, -(-count // 4), dtype=np.uint64)  # four values a word
    draws = torch.from_numpy(words.view(np.int16))[:count].view(shape)
    return draws.ge_(dropped_levels(p) - _LEVELS // 2).neg_()


def apply_mask(values: Tensor, mask: Tensor) -> Tensor:
    """Return the values that a mask keeps, zero elsewhere; both of one shape."""
    bits = values.view(_BITS[values.element_size()])
    return (bits & mask).view(values.dtype)


def dropped_levels(p: float) -> int:
    """Return how many of the 65536 values of a draw are dropped."""
    return round(p * _LEVELS)


def scale_of_kept(p: float) -> float:
    """Return the factor that makes up for the dropped values; 0 where all are dropped."""
    kept = _LEVELS - dropped_levels(p)
    return _LEVELS / kept if kept else 0.0


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, mask: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(mask)
        ctx.scale = scale  # type: ignore[attr-defined]  # torch lets a context hold anything
        return apply_mask(values, mask).mul_(scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (mask,) = ctx.saved_tensors  # type: ignore[attr-defined]  # torch lets a context hold anything
        return apply_mask(gradient, mask).mul_(ctx.scale), None, None  # type: ignore[attr-defined]  # torch lets a context hold anything
