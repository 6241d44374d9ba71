"""Which number format the encoder multiplies in."""

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

import torch


class Precision(StrEnum):
    """`auto` is bf16 where the hardware multiplies in it, float32 elsewhere."""

    AUTO = "auto"
    BF16 = "bf16"
    FLOAT32 = "float32"


def resolve(precision: str, device: torch.device | str) -> Precision:
    """Replace `auto` by what the device does best.

    Raises:
        ValueError: The name is none of auto, bf16, float32.
    """
    chosen = Precision(precision)
    if chosen is not Precision.AUTO:
        return chosen
    return Precision.BF16 if multiplies_in_bf16(torch.device(device)) else Precision.FLOAT32


def multiplies_in_bf16(device: torch.device) -> bool:
    """Say whether a device has instructions that multiply bf16 numbers (CUDA from Ampere on; AMX or AVX512-BF16)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def autocast(precision: Precision, device: torch.device | str) -> AbstractContextManager[object]:
    """Return the context in which an encoder runs: autocast over float32 weights, or nothing for float32."""
    if precision is Precision.FLOAT32:
        return nullcontext()
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
