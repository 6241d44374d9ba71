"""One step: embed the batch of all ranks, ask the objective, carry the gradient back, move the parameters."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from textcl.precision import Precision
from textcl.seeds import derive, seeded
from textcl.training.chunked import ChunkedPass, Memory, pooled
from textcl.training.ranks import Ranks
from textcl.training.target import Target
from textcl.types import EmbeddedBatch, Objective, PairBatch, TokenEncoder


class NonFiniteError(ArithmeticError):
    """The loss or a gradient is not a finite number.

    Args:
        what: What was found.
        rows: Positions in the batch of all ranks that it comes from; empty when it can not be told.
    """

    def __init__(self, what: str, rows: list[int]) -> None:
        super().__init__(what)
        self.what, self.rows = what, rows


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step measured, over all ranks."""

    loss: float  # nats, or what the objective counts in
    tokens: int  # real tokens, without padding
    padding_share: float  # fraction of encoded positions
    batch: EmbeddedBatch  # detached


class Step:
    """Computes the gradients of a batch; the same on one rank and on many.

    Every rank encodes its own rows. The embeddings of all ranks are gathered without a graph and become leaves; every
    rank computes the same loss on them under the same seed, takes the gradient of its own rows and multiplies it by the
    number of ranks, because the average over ranks divides by it.
    """

    def __init__(
        self,
        encoder: TokenEncoder,
        objective: Objective,
        target: Target,
        ranks: Ranks,
        *,
        seed: int,
        memory: Memory | None = None,
        precision: Precision = Precision.FLOAT32,
    ) -> None:
        self.encoder, self.objective, self.target, self.ranks = encoder, objective, target, ranks
        self.seed, self.memory, self.precision = seed, memory or Memory(), precision

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the encoder and of the objective."""
        yield from self.encoder.parameters()
        yield from self.objective.parameters()

    def backward(self, batch: PairBatch, number: int) -> StepResult:
        """Add the gradient of this rank's share of a batch, then average it over the ranks.

        Args:
            batch: This rank's rows; may be empty on some ranks.
            number: The step, which the random draws follow from.

        Raises:
            NonFiniteError: The loss is NaN or infinite; no gradient has been added.
        """
        pool = pooled(batch.views)
        chunks = ChunkedPass(
            self.encoder,
            pool,
            self.memory,
            self.precision,
            self.ranks.device,
            derive(self.seed, "dropout", number, self.ranks.rank),
        )
        leaves = self._gathered(chunks.embed(), len(batch.views), len(batch.rows)).requires_grad_()  # (B, V, D)
        embedded = self._embedded(batch, leaves)
        loss = self._loss(embedded, number)
        loss.backward()
        chunks.backward(self._own_gradient(leaves, len(batch.rows)))
        self.ranks.average_gradients(self.parameters())
        tokens, padding = self.ranks.sum([int(pool.lengths.sum()), chunks.padding_share])
        return StepResult(loss.item(), int(tokens), padding / self.ranks.count, detached(embedded))

    def _gathered(self, embeddings: Tensor | None, views: int, rows: int) -> Tensor:
        """Return the embeddings of all ranks, row by row, (B, V, D)."""
        if embeddings is not None:
            return self.ranks.gather(embeddings.unflatten(0, (views, rows)).transpose(0, 1).contiguous())
        weight = next(self.encoder.parameters())  # an empty share has the type of the other ranks' rows
        return self.ranks.gather(weight.new_zeros(0, views, self.encoder.dimension))

    def _embedded(self, batch: PairBatch, leaves: Tensor) -> EmbeddedBatch:
        device = self.ranks.device
        identity = torch.from_numpy(np.stack([view.identity for view in batch.views], axis=1)).to(device)  # (b, V)
        scores = None if batch.scores is None else self.ranks.gather(torch.from_numpy(batch.scores).to(device))
        views = leaves.unbind(dim=1)
        return EmbeddedBatch(
            views=views,
            targets=self.target.targets(views),
            roles=tuple(view.role for view in batch.views),
            identity=self.ranks.gather(identity).unbind(dim=1),
            scores=scores,
        )

    def _loss(self, embedded: EmbeddedBatch, number: int) -> Tensor:
        with seeded(derive(self.seed, "objective", number)):
            loss: Tensor = self.objective(embedded)
        if not torch.isfinite(loss):
            finite = torch.stack([view.isfinite().all(dim=1) for view in embedded.views]).all(dim=0)  # (B,)
            raise NonFiniteError(f"the loss is {loss.item()}", (~finite).nonzero().flatten().tolist())
        return loss

    def _own_gradient(self, leaves: Tensor, rows: int) -> Tensor:
        """Return the gradient of this rank's pool, view after view, (V * b, D)."""
        assert leaves.grad is not None
        start = self.ranks.offset(rows)
        own = leaves.grad[start : start + rows] * self.ranks.count  # (b, V, D)
        return own.transpose(0, 1).flatten(0, 1)


def detached(batch: EmbeddedBatch) -> EmbeddedBatch:
    """Return the batch without its graph."""
    return EmbeddedBatch(
        tuple(view.detach() for view in batch.views), batch.targets, batch.roles, batch.identity, batch.scores
    )
