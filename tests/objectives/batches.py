"""Small random batches in float64, every text another unless said otherwise."""

from dataclasses import replace

import torch

from textcl.types import EmbeddedBatch, Role


def embedded(rows: int, negatives: int = 0, seed: int = 0, positives: int = 1) -> EmbeddedBatch:
    """Views and targets of their own, 5 wide."""
    generator = torch.Generator().manual_seed(seed)
    roles = (Role.ANCHOR, *[Role.POSITIVE] * positives, *[Role.NEGATIVE] * negatives)
    views = tuple(torch.randn(rows, 5, generator=generator, dtype=torch.float64) for _ in roles)
    targets = tuple(torch.randn(rows, 5, generator=generator, dtype=torch.float64) for _ in roles)
    identity = tuple(torch.arange(rows) + 100 * view + 1000 * seed for view in range(len(roles)))
    return EmbeddedBatch(views, targets, roles, identity)


def with_identity(batch: EmbeddedBatch, *identity: list[int]) -> EmbeddedBatch:
    return replace(batch, identity=tuple(torch.tensor(view) for view in identity))
