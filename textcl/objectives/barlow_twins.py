"""Barlow Twins: each dimension of one view agrees with itself in the other view, and with no other dimension."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.heads import check_widths, mlp
from textcl.objectives.views import pair_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role

EPSILON = 1e-5  # added to variances, as batch norm does


class BarlowTwins(Objective):
    """Bring the correlations of two views' projections close to the identity (BarlowTwinsLoss in lightly).

    It takes no negatives. Each dimension is scaled to mean 0 and variance 1 over the batch. Its correlation with the
    same dimension of the other view should be 1 (the views agree), with any other dimension 0 (dimensions say different
    things).

    Constant embeddings are the worst answer here, not the best. It learns little where the batch is small: correlations
    are then mostly chance, about 1 / sqrt(B), and the second term measures noise. The loss is a sum over dimensions: it
    stands in the hundreds at the default width, so a run that clips gradients clips every step.

    The default width is an eighth of vision's 8192: it costs little beside an encoder 384 to 768 wide, on a CPU too.

    Args:
        dimension: Width D of the embeddings; filled in by recipes.
        projection: Width of the projector's three layers, and of the correlation matrix.
        redundancy: Weight of the correlations between different dimensions (lambda). 0 or more, no unit.

    Raises:
        ValueError: The width is below 1, or the weight negative.

    Source:
        Zbontar et al. 2021, Barlow Twins: Self-Supervised Learning via Redundancy Reduction, eq. 1. arXiv:2103.03230

    Example:
        objective:
          use: BarlowTwins
          projection: 1024
          redundancy: 5.0e-3
    """

    papers = ("zbontar2021barlow",)

    def __init__(self, dimension: int, projection: int = 1024, redundancy: float = 5e-3) -> None:
        super().__init__()
        check_widths(projection=projection)
        if not redundancy >= 0:
            raise ValueError(f"redundancy: found {redundancy}, but it is the weight of a term: 0 or more.")
        self.redundancy = redundancy
        self.projector = mlp((dimension, projection, projection, projection))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive."""
        want_roles("BarlowTwins", roles)

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted squared distance of the correlations from the identity, a scalar without unit."""
        anchors, positives = (self.projector(batch.views[view]) for view in pair_of(batch.roles))
        return barlow_twins(anchors, positives, self.redundancy)


def barlow_twins(anchors: Tensor, positives: Tensor, redundancy: float) -> Tensor:
    """Sum how far the correlations between two views are from the identity.

    Args:
        anchors: One view, (B, D).
        positives: The other view of the same rows, (B, D).
        redundancy: Weight of the correlations between different dimensions.

    Returns:
        The sum of (1 - c_dd)² over dimensions and of redundancy * c_de² over pairs of them, a scalar.
    """
    correlations = _standardised(anchors).T @ _standardised(positives) / len(anchors)  # (D, D)
    same = correlations.diagonal()
    different = correlations - same.diag()
    return (1 - same).square().sum() + redundancy * different.square().sum()


def _standardised(projected: Tensor) -> Tensor:
    """Scale each dimension to mean 0 and variance 1 over the batch, (B, D)."""
    centred = projected - projected.mean(dim=0)
    return centred * torch.rsqrt(centred.square().mean(dim=0) + EPSILON)
