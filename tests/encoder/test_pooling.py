import pytest
import torch
from torch import Tensor

from textcl.encoder.pooling import POOLINGS, pooling_named

# Rows: padded on the right, padded on the left, full, and with the first two tokens left out of pooling.
MASK = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
POOLED = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 1, 1, 0]])


def by_hand(name: str, hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    tokens = [position for position in range(len(mask)) if pooled[position]]
    vectors = [hidden[position] for position in tokens]
    first = mask.tolist().index(1)
    weights = [position - first + 1 for position in tokens]
    weighted = sum(weight * vector for weight, vector in zip(weights, vectors, strict=True))
    return {
        "mean": sum(vectors) / len(vectors),
        "cls": vectors[0],
        "last": vectors[-1],
        "max": torch.stack(vectors).max(dim=0).values,
        "weighted_mean": weighted / sum(weights),
        "mean_sqrt": sum(vectors) / len(vectors) ** 0.5,
    }[name]


@pytest.mark.parametrize("name", POOLINGS)
def test_each_pooling_equals_a_loop_over_tokens_on_both_padding_sides(name: str) -> None:
    hidden = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1))

    found = POOLINGS[name](hidden, MASK, POOLED)

    expected = torch.stack([by_hand(name, *row) for row in zip(hidden, MASK, POOLED, strict=True)])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", POOLINGS)
def test_rows_with_nothing_to_read_are_zero_even_over_numbers_that_are_not_finite(name: str) -> None:
    hidden = torch.full((2, 3, 4), float("nan"))
    mask = torch.tensor([[0, 0, 0], [1, 1, 1]])

    found = POOLINGS[name](hidden, mask, torch.zeros_like(mask))

    assert found.equal(torch.zeros(2, 4))


@pytest.mark.parametrize("name", POOLINGS)
def test_numbers_in_padding_reach_neither_the_vectors_nor_the_gradients(name: str) -> None:
    hidden = torch.ones(1, 3, 2)
    hidden[0, 2] = float("nan")
    hidden.requires_grad_()
    mask = torch.tensor([[1, 1, 0]])

    POOLINGS[name](hidden, mask, mask).sum().backward()

    assert hidden.grad is not None
    assert hidden.grad.isfinite().all()
    assert hidden.grad[0, 2].equal(torch.zeros(2))


def test_joined_poolings_stand_end_to_end_in_the_order_of_their_names() -> None:
    hidden = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1))

    found = pooling_named("last+mean+cls")(hidden, MASK, POOLED)

    parts = [POOLINGS[name](hidden, MASK, POOLED) for name in ("last", "mean", "cls")]
    torch.testing.assert_close(found, torch.cat(parts, dim=1))


def test_a_misspelt_pooling_is_answered_with_the_list_and_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"no pooling 'means'; there are mean, cls, last.* Did you mean 'mean'\?"):
        pooling_named("means")
