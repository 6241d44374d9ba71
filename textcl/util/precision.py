"""Which device an encoder works on, and which number format it multiplies in."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

import torch
from torch import Tensor


class Precision(StrEnum):
    """`auto` is bf16 where the hardware multiplies in it, float32 elsewhere."""

    AUTO = "auto"
    BF16 = "bf16"
    FP16 = "fp16"
    FLOAT32 = "float32"

    @property
    def dtype(self) -> torch.dtype:
        """What it multiplies in; `auto` has been resolved."""
        return {Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}.get(self, torch.float32)


def resolve(precision: str, device: torch.device | str) -> Precision:
    """Replace `auto` by what the device does best.

    Raises:
        ValueError: The name is none of auto, bf16, fp16, float32.
    """
    chosen = Precision(precision)
    if chosen is not Precision.AUTO:
        return chosen
    return Precision.BF16 if multiplies_in_bf16(torch.device(device)) else Precision.FLOAT32


def best_device() -> str:
    """Return where an encoder works when nothing else is said: a GPU of NVIDIA or AMD, one of Apple, or the CPU."""
    if torch.cuda.is_available():
        return "cuda"
    return MPS if torch.backends.mps.is_available() else "cpu"


MPS = "mps"  # Apple's GPUs


def multiplies_in_bf16(device: torch.device) -> bool:
    """Say whether a device has instructions that multiply bf16 numbers (CUDA from Ampere on; AMX or AVX512-BF16)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def autocast(precision: Precision, device: torch.device | str) -> AbstractContextManager[object]:
    """Return the context in which an encoder runs: autocast over float32 weights, or nothing for float32."""
    if precision is Precision.FLOAT32:
        return nullcontext()
    return torch.autocast(torch.device(device).type, dtype=precision.dtype)


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
