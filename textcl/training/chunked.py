"""Encode a pool of sequences chunk by chunk, and carry the gradient of their embeddings back: gradient caching.

Because an encoder sees one row at a time, a pool may be cut anywhere: the gradient of the embeddings is all that
the chunks need of each other. Chunks within `live_tokens` keep their graph; the others run without one and are run
again in the backward pass, under the seed of their first run, so that dropout draws the same masks.

Source:
    Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup. arXiv:2101.06983
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from textcl.packing import pad, padding_share, plan
from textcl.precision import Precision, autocast
from textcl.seeds import derive, seeded
from textcl.training.row_gradients import dense_gradients, gradients_by_row
from textcl.types import IntArray, TokenEncoder, Tokens, View


@dataclass(frozen=True, slots=True)
class Memory:
    """How a pass is cut: neither number changes a result, both bound its memory.

    Args:
        chunk_tokens: Padded tokens that one forward call of the encoder sees.
        live_tokens: Padded tokens whose graph is kept from the forward to the backward pass.
    """

    chunk_tokens: int = 2048
    live_tokens: int = 4096


class ChunkedPass:
    """One pass of an encoder over a pool: `embed` first, then, once, `backward`.

    Args:
        encoder: Maps a Chunk to embeddings (n, D), each row on its own.
        pool: The sequences of all views.
        memory: How the pass is cut.
        precision: What the encoder multiplies in.
        device: Where the encoder lies.
        seed: What the dropout masks of the pass follow from.
    """

    def __init__(
        self,
        encoder: TokenEncoder,
        pool: Tokens,
        memory: Memory,
        precision: Precision,
        device: torch.device,
        seed: int,
    ) -> None:
        self.encoder, self.pool, self.memory = encoder, pool, memory
        self.precision, self.device, self.seed = precision, device, seed
        self.chunks = plan(pool.lengths, memory.chunk_tokens)
        self._live: dict[int, Tensor] = {}  # chunk -> its embeddings, with their graph

    @property
    def padding_share(self) -> float:
        """The share of encoded positions that hold no token, a fraction."""
        return padding_share(self.pool.lengths, self.chunks)

    def embed(self) -> Tensor | None:
        """Return the embeddings of the pool without their graph, (N, D); None for an empty pool."""
        embedded = []
        budget = self.memory.live_tokens
        with self._weights_cast_once():
            for number, rows in enumerate(self.chunks):
                budget -= len(rows) * int(self.pool.lengths[rows].max())
                with torch.set_grad_enabled(budget >= 0):
                    embeddings = self._encode(number)
                if budget >= 0:
                    self._live[number] = embeddings
                embedded.append(embeddings.detach())
        return scatter(embedded, self.chunks) if embedded else None

    def backward(self, gradient: Tensor) -> None:
        """Add to the encoder's parameters the gradient that follows from that of the embeddings, (N, D)."""
        with self._weights_cast_once():
            for number, rows in enumerate(self.chunks):
                embeddings = self._live.pop(number, None)
                if embeddings is None:
                    embeddings = self._encode(number)
                embeddings.backward(gradient[torch.from_numpy(rows).to(gradient.device)])
        dense_gradients(self.encoder.parameters())

    def _encode(self, number: int) -> Tensor:
        chunk = pad(self.pool, self.chunks[number], self.device)
        with (
            seeded(derive(self.seed, "chunk", number)),
            autocast(self.precision, self.device),
            gradients_by_row(self.encoder.modules()),
        ):
            return self.encoder(chunk)  # (n, D)

    def _weights_cast_once(self) -> AbstractContextManager[object]:
        """Keep autocast's copies of the weights from chunk to chunk; backward passes run as without autocast.

        The copies live until the outermost context ends, so an outer one that is switched off holds them. A block may
        go from chunks with a graph to chunks without, never back: a copy made without a graph would lose the gradient.
        """
        return torch.autocast(self.device.type, enabled=False)


def scatter(embedded: Sequence[Tensor], chunks: Sequence[IntArray]) -> Tensor:
    """Put the embeddings of chunks back into the order of the pool, (N, D)."""
    joined = torch.cat(list(embedded))
    positions = torch.cat([torch.from_numpy(rows) for rows in chunks]).to(joined.device)
    return torch.empty_like(joined).index_copy_(0, positions, joined)


def pooled(views: Sequence[View]) -> Tokens:
    """Join the sequences of all views into one pool, view after view."""
    ids = tuple(sequence for view in views for sequence in view.tokens.ids)
    skipped = torch.cat([torch.from_numpy(view.tokens.skipped) for view in views]).numpy()
    return Tokens(ids, skipped, views[0].tokens.pad_id)
