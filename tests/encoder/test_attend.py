"""Attention without a gradient against the formula written out, in one block and in many."""

import pytest
import torch
from torch import Tensor

from textcl.encoder.cpu import attention as module
from textcl.encoder.cpu.attention import attend


def naive(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    """The formula in float64, row by row and head by head, (n, L, heads, channels)."""
    mixed = torch.zeros(query.transpose(1, 2).shape, dtype=torch.float64)
    for row in range(len(query)):
        for head in range(query.shape[1]):
            scores = query[row, head].double() @ key[row, head].double().T * scaling
            scores = scores if mask is None else scores + mask[row, 0].double()
            mixed[row, :, head] = scores.softmax(dim=-1) @ value[row, head].double()
    return mixed


def heads_and_mask(dtype: torch.dtype) -> tuple[list[Tensor], Tensor]:
    """Query, key and value (5, 2, 9, 4), and a mask under which row i sees all but its last i tokens."""
    torch.manual_seed(3)
    heads = [torch.randn(5, 9, 2, 4).to(dtype).transpose(1, 2) for _ in range(3)]
    seen = torch.arange(9) < 9 - torch.arange(5)[:, None]
    mask = torch.zeros(5, 9).masked_fill(~seen, torch.finfo(torch.float32).min)
    return heads, mask[:, None, None].repeat(1, 1, 9, 1)


@pytest.mark.parametrize("block", [1, 2 * 2 * 9 * 9, 1 << 19])  # a row, two rows and a rest, all rows at a time
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 1e-2)]
)
def test_it_is_the_formula(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, tolerance: float, masked: bool, block: int
) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    heads, mask = heads_and_mask(dtype)
    added = mask if masked else None
    found = attend(*heads, added, 0.5)
    wanted = naive(*heads, added, 0.5)
    assert found.dtype is dtype
    assert (found.double() - wanted).norm() < tolerance * wanted.norm()


def test_no_rows_give_no_rows() -> None:
    empty = torch.empty(0, 2, 9, 4)
    assert attend(empty, empty, empty, None, 1.0).shape == (0, 9, 2, 4)
