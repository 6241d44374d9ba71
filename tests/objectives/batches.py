"""Small random batches of embeddings in float64, for tests of values."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role

ANCHOR, POSITIVE, NEGATIVE = Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE


def embedded(rows: int, negatives: int = 0, seed: int = 0, positives: int = 1, width: int = 5) -> EmbeddedBatch:
    """Texts that are all different; the targets are other numbers than the views."""
    generator = torch.Generator().manual_seed(seed)
    roles = (Role.ANCHOR, *[Role.POSITIVE] * positives, *[Role.NEGATIVE] * negatives)
    views = tuple(torch.randn(rows, width, generator=generator, dtype=torch.float64) for _ in roles)
    targets = tuple(torch.randn(rows, width, generator=generator, dtype=torch.float64) for _ in roles)
    identity = tuple(torch.arange(rows) + 100 * view + 1000 * seed for view in range(len(roles)))
    return EmbeddedBatch(views, targets, roles, identity)


def with_identity(batch: EmbeddedBatch, *identity: list[int]) -> EmbeddedBatch:
    return replace(batch, identity=tuple(torch.tensor(view) for view in identity))


def random_batch(
    rows: int,
    roles: Sequence[Role] = (ANCHOR, POSITIVE),
    *,
    width: int = 6,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    identity: Sequence[Sequence[int]] | None = None,
    scores: Sequence[float] | None = None,
    labels: Sequence[int] | None = None,
) -> EmbeddedBatch:
    """Texts that are all different unless `identity` says otherwise; the views take a gradient and are the targets."""
    generator = torch.Generator().manual_seed(seed)
    views = tuple(torch.randn(rows, width, generator=generator, dtype=torch.float64).to(dtype) for _ in roles)
    numbers: Any = identity or [range(100 * view, 100 * view + rows) for view in range(len(roles))]
    return EmbeddedBatch(
        tuple(view.requires_grad_() for view in views),
        tuple(view.detach() for view in views),
        tuple(roles),
        tuple(torch.tensor(list(view)) for view in numbers),
        scores=None if scores is None else torch.tensor(scores, dtype=torch.float32),
        labels=None if labels is None else torch.tensor(labels),
    )


def batch_of(*views: list[list[float]], roles: Sequence[Role] = (ANCHOR, POSITIVE), **facts: Any) -> EmbeddedBatch:
    """A batch of given vectors; the other facts as in `random_batch`."""
    tensors = tuple(torch.tensor(view, dtype=torch.float64).requires_grad_() for view in views)
    like = random_batch(len(tensors[0]), roles, **facts)
    targets = tuple(view.detach() for view in tensors)
    return EmbeddedBatch(tensors, targets, like.roles, like.identity, like.scores, like.labels)
