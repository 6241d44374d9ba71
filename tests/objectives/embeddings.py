"""Random batches of embeddings in float64 for the objectives without negatives."""

import torch

from textcl.types import EmbeddedBatch, Role


def positives_only(rows: int, width: int, views: int = 2, seed: int = 0) -> EmbeddedBatch:
    """An anchor and positives; the targets are other numbers than the views."""
    generator = torch.Generator().manual_seed(seed)
    draw = [torch.randn(rows, width, generator=generator, dtype=torch.float64) for _ in range(2 * views)]
    roles = (Role.ANCHOR, *[Role.POSITIVE] * (views - 1))
    identity = tuple(torch.arange(rows) + 100 * view for view in range(views))
    return EmbeddedBatch(tuple(draw[:views]), tuple(draw[views:]), roles, identity)
