"""What objectives share: vectors of unit length, and who says the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.views import equal_texts, false_negatives, rows_that_share_a_text, unit_length


def leaf(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype).requires_grad_()


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_unit_length_and_its_gradient_are_those_of_normalize(rows: int) -> None:
    vectors, weights = leaf(rows, 4), leaf(rows, 4).detach() + 1
    ours, theirs = unit_length(vectors), F.normalize(vectors, dim=-1)
    assert torch.equal(ours, theirs)
    gradients = [torch.autograd.grad((unit * weights).sum(), vectors)[0] for unit in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)


def test_a_vector_of_zeros_stays_one_and_has_the_gradient_that_it_has_in_torch() -> None:
    vectors = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    gradients = [
        torch.autograd.grad(unit.sum(), vectors)[0] for unit in (unit_length(vectors), F.normalize(vectors, dim=-1))
    ]
    assert torch.equal(unit_length(vectors), vectors)
    torch.testing.assert_close(*gradients)


def test_equal_texts_are_every_pair_of_equals() -> None:
    texts, others = torch.tensor([5, 1, 9, 5]), torch.tensor([5, 5, 2, 1])
    rows, positions = equal_texts(texts, others)
    pairs = {(row, position) for row in range(4) for position in range(4) if texts[row] == others[position]}
    assert set(zip(rows.tolist(), positions.tolist(), strict=True)) == pairs
    assert len(rows) == len(pairs)
    assert equal_texts(texts[:0], others)[0].tolist() == []


def test_false_negatives_and_shared_texts_equal_a_naive_loop() -> None:
    generator = torch.Generator().manual_seed(2)
    for draw in range(30):
        wanted, given, candidates = (torch.randint(0, 3 + draw, (12,), generator=generator) for _ in range(3))
        part = slice(3, 9)
        found = false_negatives((wanted[part], given[part]), (wanted, given), candidates)
        shared = rows_that_share_a_text([wanted, given], part)
        for i, row in enumerate(range(3, 9)):
            answers = {int(w) for w, g in zip(wanted, given, strict=True) if g == given[row]}
            same = {int(wanted[row]), int(given[row])} | answers
            assert found[i].tolist() == [int(c) in same for c in candidates]
            own = {int(wanted[row]), int(given[row])}
            assert shared[i].tolist() == [bool(own & {int(a), int(b)}) for a, b in zip(wanted, given, strict=True)]
