"""VICReg: views agree, every dimension varies, no two dimensions vary together."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.heads import check_widths, mlp
from textcl.objectives.views import pair_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role

EPSILON = 1e-4  # added to variances: a square root has no slope at 0


class VICReg(Objective):
    """Views agree, dimensions vary, no two vary together (VICRegLoss in lightly; no negatives).

    The sum of three terms on projections: invariance between views, variance and covariance of each. Invariance is the
    mean squared difference of the views. Variance holds the standard deviation of each dimension over the batch at 1 or
    more, and so prevents collapse. Covariance pushes different dimensions apart.

    It fails where the weights are out of balance: with too little variance the projections shrink to one point; with
    too much the views never agree. In a small batch covariances are mostly chance, and the last term measures noise.

    The default width is an eighth of vision's 8192: it costs little beside an encoder 384 to 768 wide, on a CPU too.

    Args:
        dimension: Width D of the embeddings; filled in by recipes.
        projection: Width of the projector's three layers, and of what is compared.
        invariance, variance, covariance: Weights of the terms. 0 or more, no unit.

    Raises:
        ValueError: The width is below 1, or a weight negative.

    Source:
        Bardes et al. 2022, VICReg, eq. 6; the squared difference is a mean over dimensions too, as in algorithm 1.
        arXiv:2105.04906

    Example:
        objective:
          use: VICReg
          projection: 1024
          variance: 25.0
    """

    papers = ("bardes2022vicreg",)

    def __init__(
        self,
        dimension: int,
        projection: int = 1024,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
    ) -> None:
        super().__init__()
        check_widths(projection=projection)
        for name, weight in {"invariance": invariance, "variance": variance, "covariance": covariance}.items():
            if not weight >= 0:
                raise ValueError(f"{name}: found {weight}, but it is the weight of a term: 0 or more.")
        self.invariance, self.variance, self.covariance = invariance, variance, covariance
        self.projector = mlp((dimension, projection, projection, projection))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive."""
        want_roles("VICReg", roles)

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum of the three terms, a scalar without unit."""
        anchors, positives = (self.projector(batch.views[view]) for view in pair_of(batch.roles))
        return (
            self.invariance * F.mse_loss(anchors, positives)
            + self.variance * (variance_hinge(anchors) + variance_hinge(positives))
            + self.covariance * (squared_covariance(anchors) + squared_covariance(positives))
        )


def variance_hinge(projected: Tensor) -> Tensor:
    """Mean over dimensions of how far the standard deviation falls short of 1, a scalar; projected: (B, D)."""
    deviations = (projected.var(dim=0) + EPSILON).sqrt()  # (D,)
    return F.relu(1 - deviations).mean()


def squared_covariance(projected: Tensor) -> Tensor:
    """Sum of the squared covariances of different dimensions, over D, a scalar; projected: (B, D)."""
    centred = projected - projected.mean(dim=0)
    covariances = centred.T @ centred / (len(projected) - 1)  # (D, D)
    different = covariances - covariances.diagonal().diag()
    return different.square().sum() / projected.shape[1]
