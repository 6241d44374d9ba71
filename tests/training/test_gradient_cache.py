"""The chunked pass on a real Hugging Face encoder, with the fast parts and dropout on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny import SENTENCES, tiny_encoder
from tests.toy import TRIPLET, ToyEncoder, toy_batch
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import use_fast_parts
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.types.batches import Chunk, Tokens
from textcl.util.precision import Precision

CPU = torch.device("cpu")
KEPT, REPLAYED = Memory(chunk_tokens=24, live_tokens=10**9), Memory(chunk_tokens=24, live_tokens=0)


def one_pass(memory: Memory, precision: Precision, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor, Encoder]:
    """Embeddings and the gradient of the word embeddings after one pass."""
    encoder = tiny_encoder(dropout=0.2)
    use_fast_parts(encoder.backbone)
    encoder.train()
    chunks = ChunkedPass(encoder, [encoder.tokenize(SENTENCES * 2, "anchor")], memory, precision, CPU, seed)
    assert len(chunks.chunks) > 2
    embeddings = chunks.embed()
    assert embeddings is not None
    chunks.backward(torch.linspace(-1, 1, embeddings.numel()).view_as(embeddings))
    return embeddings, encoder.backbone.embeddings.word_embeddings.weight.grad, encoder


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
def test_a_replayed_pass_is_bit_equal_to_one_that_kept_its_graphs(precision: Precision) -> None:
    kept, replayed = one_pass(KEPT, precision), one_pass(REPLAYED, precision)
    assert torch.equal(kept[0], replayed[0])
    assert torch.equal(kept[1], replayed[1])
    assert kept[1].abs().max() > 0


def test_the_two_dropout_views_of_a_text_differ() -> None:
    embeddings, _, _ = one_pass(KEPT, Precision.FLOAT32)
    first, second = embeddings.chunk(2)
    assert (first - second).norm(dim=1).min() > 1e-3


def test_another_seed_draws_other_masks() -> None:
    assert not torch.equal(one_pass(KEPT, Precision.FLOAT32, 1)[0], one_pass(KEPT, Precision.FLOAT32, 2)[0])


def test_embeddings_stand_in_the_order_of_the_pool() -> None:
    encoder = tiny_encoder(dropout=0.0).train()
    chunks = ChunkedPass(encoder, [encoder.tokenize(SENTENCES, "anchor")], KEPT, Precision.FLOAT32, CPU, 1)
    embedded = torch.nn.functional.normalize(chunks.embed(), dim=1)
    np.testing.assert_allclose(embedded.numpy(), encoder.encode(SENTENCES), atol=1e-5)


def test_padding_share_counts_positions_without_a_token() -> None:
    tokens = Tokens(tuple(np.ones(length, dtype=np.int64) for length in (1, 3, 4)), np.zeros(3, dtype=np.int64), 0)
    chunks = ChunkedPass(ToyEncoder(), [tokens], Memory(chunk_tokens=100), Precision.FLOAT32, CPU, 1)
    assert chunks.tokens == 8
    assert chunks.padding_share == 1 - 8 / 12
    empty = ChunkedPass(
        ToyEncoder(), [replace(tokens, ids=(), skipped=tokens.skipped[:0])], KEPT, Precision.FLOAT32, CPU, 1
    )
    assert empty.embed() is None
    assert (empty.tokens, empty.padding_share) == (0, 0.0)


class TwoToys(ToyEncoder):
    """Two towers: the second turns the first one's embeddings around. A chunk is for one tower."""

    def forward(self, chunk: Chunk) -> torch.Tensor:
        return super().forward(chunk) * (1 - 2 * chunk.tower)


def test_views_of_different_towers_never_share_a_chunk_and_keep_their_order() -> None:
    views = [view.tokens for view in toy_batch(5, TRIPLET).views]
    towers = [views[0], replace(views[1], tower=1), views[2]]
    chunks = ChunkedPass(TwoToys(), towers, Memory(chunk_tokens=24, live_tokens=0), Precision.FLOAT32, CPU, 1)
    embedded = chunks.embed()
    same = ChunkedPass(TwoToys(), views, KEPT, Precision.FLOAT32, CPU, 1).embed()
    characters = torch.tensor([1.0] * 5 + [-1.0] * 5 + [1.0] * 5)[:, None]
    torch.testing.assert_close(embedded, same * characters)
