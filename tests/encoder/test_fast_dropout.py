"""The fast dropout: a mask is a pure function of torch's random state, and the gradient is that of the mask."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from textcl.encoder.cpu.dropout import FastDropout, draw_mask, fast_dropout, scale_of_kept

RATE = 0.1
FORMATS = (torch.bfloat16, torch.float32, torch.float64)


def dropped_under(seed: int, values: Tensor, p: float = RATE) -> Tensor:
    torch.manual_seed(seed)
    return fast_dropout(values, p)


@pytest.mark.parametrize("dtype", FORMATS)
def test_kept_values_are_scaled_and_the_others_zero(dtype: torch.dtype) -> None:
    values = torch.randn(40, 50).to(dtype)
    torch.manual_seed(3)
    kept = draw_mask(values.shape, RATE).ne(0)
    expected = torch.where(kept, values * (65536 / (65536 - 6554)), 0)
    assert torch.equal(dropped_under(3, values), expected)


def test_a_rate_counts_in_levels_of_16_bits() -> None:
    assert scale_of_kept(0.1) == 65536 / (65536 - 6554)
    assert scale_of_kept(0.0) == 1


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_of_dropped_values_is_the_rate(p: float) -> None:
    torch.manual_seed(0)
    count = 4_000_000
    rate = round(p * 65536) / 65536
    dropped = int((draw_mask((count,), p) == 0).sum())
    assert abs(dropped - count * rate) < 5 * np.sqrt(count * rate * (1 - rate))


def test_a_mask_is_all_bits_or_none() -> None:
    assert set(draw_mask((7, 9, 11), 0.5).unique().tolist()) == {-1, 0}


def test_neighbours_in_a_mask_are_independent() -> None:
    torch.manual_seed(1)
    kept = draw_mask((4_000_000,), 0.5).float() + 0.5
    for lag in (1, 2, 3, 4, 384):
        assert abs(float((kept[:-lag] * kept[lag:]).mean()) * 4) < 5 / np.sqrt(4_000_000)


def test_two_calls_draw_different_masks() -> None:
    torch.manual_seed(5)
    assert not torch.equal(draw_mask((1000,), RATE), draw_mask((1000,), RATE))


def test_the_same_seed_gives_the_same_bits_forward_and_backward() -> None:
    values = torch.randn(64, 33).bfloat16().requires_grad_()
    runs = []
    for _ in range(2):
        output = dropped_under(11, values)
        (gradient,) = torch.autograd.grad(output.float().square().sum(), values)
        runs.append((output, gradient))
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][0], dropped_under(12, values))


def test_torchs_own_checkpointing_replays_the_mask() -> None:
    dropout = FastDropout(0.5)
    values = torch.randn(64, 32, requires_grad=True)
    output = checkpoint(lambda x: dropout(x) ** 2, values, use_reentrant=False)
    (gradient,) = torch.autograd.grad(output.sum(), values)
    assert torch.equal(gradient.ne(0), output.ne(0))


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
def test_the_gradient_is_that_of_finite_differences(p: float) -> None:
    values = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: dropped_under(7, x, p), (values,))


def test_the_bf16_gradient_is_the_masked_and_scaled_one() -> None:
    values = torch.randn(30, 20).bfloat16().requires_grad_()
    above = torch.randn(30, 20).bfloat16()
    torch.manual_seed(9)
    kept = draw_mask(values.shape, RATE).ne(0)
    dropped_under(9, values).backward(above)
    assert values.grad is not None
    assert torch.equal(values.grad, torch.where(kept, above * scale_of_kept(RATE), 0))


def test_a_view_with_strides_is_dropped_like_its_copy() -> None:
    values = torch.randn(6, 8, 10).transpose(0, 2)
    assert torch.equal(dropped_under(2, values), dropped_under(2, values.contiguous()))


def test_a_rate_of_one_drops_all() -> None:
    assert torch.equal(fast_dropout(torch.ones(100), 1.0), torch.zeros(100))


def test_a_rate_of_zero_and_evaluation_change_nothing_and_draw_nothing() -> None:
    values = torch.randn(10)
    before = torch.get_rng_state()
    assert FastDropout(0.0)(values) is values
    assert FastDropout(0.5).eval()(values) is values
    assert torch.equal(torch.get_rng_state(), before)


def test_other_devices_get_torchs_own_dropout() -> None:
    values = torch.empty(3, 4, device="meta")
    assert FastDropout(0.5)(values).device.type == "meta"
