import pytest
import torch

from textcl.util.precision import Precision, autocast, best_device, resolve


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"amx_bf16": True}, Precision.BF16),
        ({"avx512_bf16": True}, Precision.BF16),
        ({"avx2": True, "amx_bf16": False}, Precision.FLOAT32),
    ],
)
def test_auto_is_bf16_where_the_processor_multiplies_in_it(
    capabilities: dict[str, bool], expected: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert resolve("auto", "cpu") is expected


def test_a_named_precision_is_kept() -> None:
    assert [resolve(name, "cpu") for name in ("bf16", "float32")] == [Precision.BF16, Precision.FLOAT32]


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="float16"):
        resolve("float16", "cpu")


def test_products_are_in_bf16_only_where_that_was_asked_for() -> None:
    a = torch.ones(2, 2)
    with autocast(Precision.BF16, "cpu"):
        assert (a @ a).dtype is torch.bfloat16
    with autocast(Precision.FLOAT32, "cpu"):
        assert (a @ a).dtype is torch.float32


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, False, "cuda"), (True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_best_device_is_a_gpu_where_there_is_one(
    cuda: bool, mps: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device() == expected


def test_auto_is_float32_on_gpus_of_apple_whatever_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert resolve("auto", "mps") is Precision.FLOAT32
