"""Moving averages of weights."""

from collections.abc import Mapping

import torch
from torch import Tensor


def check_momentum(momentum: float) -> None:
    """Refuse a share outside 0 to below 1.

    Raises:
        ValueError: Says what is right.
    """
    if not 0 <= momentum < 1:
        raise ValueError(
            f"momentum: found {momentum}, but it is the share that a step keeps: 0 or more, and below 1. "
            "Short runs on text want 0.85 to 0.995."
        )


@torch.no_grad()
def move_towards(average: Mapping[str, Tensor], online: Mapping[str, Tensor], momentum: float) -> None:
    """Move an average in place: it keeps the share `momentum` of itself; whole numbers are copied.

    Args:
        average: Tensors by name, such as a module's `state_dict()`.
        online: Tensors of the same names.
        momentum: From 0 to below 1.
    """
    for name, tensor in average.items():
        if tensor.is_floating_point():
            tensor.lerp_(online[name].to(tensor.dtype), 1 - momentum)
        else:
            tensor.copy_(online[name])
