"""Linear layers for encoding in bf16 on the CPU: each weight is packed once, not at every call.

oneDNN multiplies by weights in a block layout of its own. Under autocast `nn.Linear` hands them over in torch's layout,
and they are packed again at every call; here they are packed once for a whole list of texts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_ROWS = 2048  # tokens of a call that the layout is chosen for; others work too


@contextmanager
def packed_weights(backbone: nn.Module, *, at_once: bool = False) -> Iterator[None]:
    """Multiply by packed weights for a block that computes no gradients; does nothing unless the CPU autocasts to bf16.

    Products equal those of autocast up to the order of summation. The weights must not change in the block.

    Args:
        backbone: Its linear layers are served, float32 on the CPU.
        at_once: Pack before the first call, so that it gives the very bits that later calls give.
    """
    layers = [module for module in backbone.modules() if _can_be_packed(module)] if _is_worthwhile() else []
    try:
        for layer in layers:
            layer.forward = _Packing(layer, at_once)  # type: ignore[arg-type]  # shadows the class's own
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


class _Packing:
    """The forward function of a linear layer; it packs on the second call, as one call alone is faster without,
    or at once."""

    def __init__(self, layer: nn.Linear, at_once: bool) -> None:
        self.layer, self.is_first = layer, not at_once
        self.weight: Tensor | None = None  # in oneDNN's layout

    def __call__(self, values: Tensor) -> Tensor:
        if self.is_first:
            self.is_first = False
            return F.linear(values, self.layer.weight, self.layer.bias)
        if self.weight is None:
            self._pack()
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            values.to(torch.bfloat16), self.weight, self.bias, "none", [], ""
        )
        return product

    def _pack(self) -> None:
        layer = self.layer
        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach().to(torch.bfloat16), _ROWS)
        self.bias = None if layer.bias is None else layer.bias.detach().to(torch.bfloat16)


def _is_worthwhile() -> bool:
    if not torch.is_autocast_enabled("cpu") or torch.get_autocast_dtype("cpu") is not torch.bfloat16:
        return False
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _can_be_packed(module: nn.Module) -> bool:
    return type(module) is nn.Linear and module.weight.device.type == "cpu" and module.weight.dtype is torch.float32
