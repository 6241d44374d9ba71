"""Encode a pool of sequences chunk by chunk, and carry the gradient of their embeddings back: gradient caching.

Because an encoder sees one row at a time, a pool may be cut anywhere: the gradient of the embeddings is all that
the chunks need of each other. Chunks within `live_tokens` keep their graph; the others run without one and are run
again in the backward pass, under the seed of their first run, so that dropout draws the same masks.

Source:
    Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup. arXiv:2101.06983

Gradients of embedding tables: a chunk adds the rows that it looked up to one table, not a table of its own.

A dense gradient of a vocabulary of 30,000 words is 47 MB of zeros a chunk; the words of a chunk are a few hundred rows.
Only on a CPU: a GPU writes the zeros sooner than it sorts the rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor, nn

from textcl.distributed import Ranks
from textcl.types.batches import IntArray, TokenEncoder, Tokens
from textcl.util.packing import CPU, ChunkLimits, chunks_of, cuts_for, joined, pad, widths
from textcl.util.precision import Precision, autocast
from textcl.util.seeds import derive, seeded


@contextmanager
def gradients_by_row(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Let the embedding tables among `modules` record sparse gradients of what is looked up in the block."""
    tables = [m for m in modules if _can_be_sparse(m)]
    for table in tables:
        table.sparse = True
    try:
        yield
    finally:
        for table in tables:
            table.sparse = False


def dense_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace sparse gradients by dense ones; later sparse ones are added to these in place.

    Done after the first chunk, it keeps the memory of a step from growing with its chunks.
    """
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.to_dense()


def _can_be_sparse(module: nn.Module) -> TypeGuard[nn.Embedding]:
    if type(module) is not nn.Embedding or module.weight.device.type != "cpu":
        return False
    return not (module.sparse or module.scale_grad_by_freq)


@dataclass(frozen=True, slots=True)
class Memory:
    """How a step is cut: the numbers bound its memory, and change no result but for the draws of dropout.

    Args:
        chunk_tokens: Padded tokens that one forward call of the encoder sees. Dropout is drawn chunk by chunk.
        live_tokens: Padded tokens whose graph is kept from the forward to the backward pass.
        loss_rows: Rows whose loss is computed at once; None: as many as 8 MB of logits are.
        cuts: How the encoder likes its work cut; None: as its device does.
    """

    chunk_tokens: int = CPU.chunk_tokens
    live_tokens: int = CPU.live_tokens
    loss_rows: int | None = None
    cuts: ChunkLimits | None = None


class ChunkedPass:
    """One pass of an encoder over a pool: `embed` first, then, once, `backward`.

    Args:
        encoder: Maps a Chunk to embeddings (n, D), each row on its own.
        pools: The sequences of each view; together N.
        memory: How the pass is cut.
        precision: What the encoder multiplies in.
        device: Where the encoder lies.
        seed: What the dropout masks of the pass follow from.
        sharing: Processes that hold a part of the encoder's weights each: they call it equally often, since each call
            gathers them, those with fewer sequences on a token that counts for nothing. None: this one holds it whole.
    """

    def __init__(
        self,
        encoder: TokenEncoder,
        pools: Sequence[Tokens],
        memory: Memory,
        precision: Precision,
        device: torch.device,
        seed: int,
        sharing: Ranks | None = None,
    ) -> None:
        self.encoder, self.memory, self.sharing = encoder, memory, sharing
        self.precision, self.device, self.seed = precision, device, seed
        self.chunks = _cut(pools, memory.chunk_tokens, memory.cuts or cuts_for(device))
        if sharing is not None:
            self.chunks = _filled_up(self.chunks, pools, sharing)
        self._live: dict[int, Tensor] = {}  # chunk -> its embeddings, with their graph

    @property
    def tokens(self) -> int:
        """Real tokens of the pools, without padding."""
        return sum(int(piece.pool.lengths[piece.rows].sum()) for piece in self.chunks if len(piece.positions))

    @property
    def padding_share(self) -> float:
        """The share of encoded positions that hold no token, a fraction."""
        padded = sum(piece.padded_tokens for piece in self.chunks)
        return 1 - self.tokens / padded if padded else 0.0

    def embed(self) -> Tensor | None:
        """Return the embeddings of all pools, view after view, without their graph, (N, D); None if there are none."""
        embedded, live = [], self._chunks_kept()
        with self._weights_cast_once():
            for number in range(len(self.chunks)):
                with torch.set_grad_enabled(number < live):
                    embeddings = self._encode(number)
                if number < live:
                    self._live[number] = embeddings
                embedded.append(embeddings.detach())
        return _in_order(embedded, self.chunks) if any(map(len, embedded)) else None

    def backward(self, gradient: Tensor) -> None:
        """Add to the encoder's parameters the gradient that follows from that of the embeddings, (N, D)."""
        with self._weights_cast_once():
            for number, piece in enumerate(self.chunks):
                embeddings = self._live.pop(number, None)
                if embeddings is None:
                    embeddings = self._encode(number)
                embeddings.backward(gradient[torch.from_numpy(piece.positions).to(gradient.device)])
                dense_gradients(self.encoder.parameters())

    def _chunks_kept(self) -> int:
        """Return how many chunks keep their graph, the first ones."""
        taken = np.cumsum([piece.padded_tokens for piece in self.chunks])
        kept = int(np.searchsorted(taken, self.memory.live_tokens, side="right"))
        return kept if self.sharing is None else min(self.sharing.numbers(kept))

    def _encode(self, number: int) -> Tensor:
        piece = self.chunks[number]
        chunk = pad(piece.pool, piece.rows, self.device)
        with (
            seeded(derive(self.seed, "chunk", number)),
            autocast(self.precision, self.device),
            gradients_by_row(self.encoder.modules() if self.sharing is None else ()),
        ):
            return self.encoder(chunk)[: len(piece.positions)]  # (n, D)

    def _weights_cast_once(self) -> AbstractContextManager[object]:
        """Keep autocast's copies of the weights from chunk to chunk; backward passes run as without autocast.

        The copies live until the outermost context ends, so an outer one that is switched off holds them. A block may
        go from chunks with a graph to chunks without, never back: a copy made without a graph would lose the gradient.
        Weights that are shared out are gathered in what they multiply in.
        """
        if self.sharing is not None:
            return nullcontext()
        return torch.autocast(self.device.type, enabled=False)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one chunk is cut from."""

    pool: Tokens  # of one tower
    rows: IntArray  # (n,) of the pool
    positions: IntArray  # (n,) of the same sequences, counted over all views; none where nothing is asked of them

    @property
    def padded_tokens(self) -> int:
        return len(self.rows) * int(widths(self.pool)[self.rows].max())


def _cut(views: Sequence[Tokens], chunk_tokens: int, cuts: ChunkLimits) -> list[_Piece]:
    """Cut the sequences of all views into chunks, each for one tower."""
    ends = np.cumsum([len(view) for view in views])
    positions = [np.arange(end - len(view), end) for end, view in zip(ends, views, strict=True)]
    pieces = []
    for tower in sorted({view.tower for view in views}):
        own = [number for number, view in enumerate(views) if view.tower == tower]
        pool, of_pool = joined([views[number] for number in own]), np.concatenate([positions[number] for number in own])
        pieces += [_Piece(pool, rows, of_pool[rows]) for rows in chunks_of(pool, chunk_tokens, cuts)]
    return pieces


def _filled_up(pieces: Sequence[_Piece], views: Sequence[Tokens], ranks: Ranks) -> list[_Piece]:
    """Give each tower as many chunks as the rank with the most of them has; those added are of one padding token."""
    nothing = np.zeros(0, dtype=np.int64)
    filled = []
    for tower, pad_id in sorted({(view.tower, view.pad_id) for view in views}):
        own = [piece for piece in pieces if piece.pool.tower == tower]
        token = Tokens((np.array([pad_id]),), np.zeros(1, dtype=np.int64), pad_id, tower)
        missing = max(ranks.numbers(len(own))) - len(own)
        filled += own + [_Piece(token, np.zeros(1, dtype=np.int64), nothing)] * missing
    return filled


def _in_order(embedded: Sequence[Tensor], chunks: Sequence[_Piece]) -> Tensor:
    """Put the embeddings of chunks back into the order of the views, (N, D)."""
    together = torch.cat(list(embedded))
    positions = torch.cat([torch.from_numpy(piece.positions) for piece in chunks]).to(together.device)
    return torch.empty_like(together).index_copy_(0, positions, together)
