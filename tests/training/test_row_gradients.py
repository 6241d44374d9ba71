"""Sparse gradients of embedding tables add up to the dense ones."""

import pytest
import torch
from torch import nn

from tests.tiny import SENTENCES, tiny_encoder
from textcl.training.gradient_cache import ChunkedPass, Memory, dense_gradients, gradients_by_row
from textcl.util.packing import pad, plan
from textcl.util.precision import Precision, autocast

CPU = torch.device("cpu")


def test_lookups_of_two_blocks_add_up_to_the_dense_gradient() -> None:
    table, reference = nn.Embedding(7, 3, padding_idx=0), nn.Embedding(7, 3, padding_idx=0)
    reference.load_state_dict(table.state_dict())
    for ids in (torch.tensor([1, 2, 2, 0]), torch.tensor([2, 6])):
        with gradients_by_row([table]):
            looked_up = table(ids)
        looked_up.square().sum().backward()
        reference(ids).square().sum().backward()
    assert table.weight.grad.is_sparse
    dense_gradients(table.parameters())
    torch.testing.assert_close(table.weight.grad, reference.weight.grad)


def test_a_gradient_that_stands_already_is_added_to() -> None:
    table = nn.Embedding(4, 2)
    table.weight.grad = torch.ones(4, 2)
    with gradients_by_row([table]):
        table(torch.tensor([1, 1])).sum().backward()
    dense_gradients(table.parameters())
    assert table.weight.grad.tolist() == [[1, 1], [3, 3], [1, 1], [1, 1]]


def test_tables_are_left_as_they_were_even_after_an_error() -> None:
    dense, sparse = nn.Embedding(4, 2), nn.Embedding(4, 2, sparse=True)
    with pytest.raises(IndexError), gradients_by_row([dense, sparse]):
        dense(torch.tensor([4]))
    assert not dense.sparse
    assert sparse.sparse


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
@pytest.mark.parametrize("live", [0, 40, 10**9])
def test_a_pass_has_the_gradients_of_chunks_on_their_own(precision: Precision, live: int) -> None:
    encoder = tiny_encoder(dropout=0.0).train()
    tokens = encoder.tokenize(SENTENCES, "anchor")
    wanted = torch.linspace(-1, 1, len(SENTENCES) * encoder.dimension).view(len(SENTENCES), -1)
    for rows in plan(tokens.lengths, 24):
        with autocast(precision, CPU):
            embeddings = encoder(pad(tokens, rows))
        embeddings.backward(wanted[torch.from_numpy(rows)])
    expected = {name: parameter.grad.clone() for name, parameter in encoder.named_parameters()}
    encoder.zero_grad()
    chunks = ChunkedPass(encoder, [tokens], Memory(24, live), precision, CPU, seed=1)
    assert len(chunks.chunks) > 2
    chunks.embed()
    chunks.backward(wanted)
    for name, parameter in encoder.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], msg=name)
    assert max(gradient.abs().max() for gradient in expected.values()) > 1e-3
