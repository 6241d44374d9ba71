"""BYOL: predict what a moving average of oneself says about the other view."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.heads import agreement, check_widths, mlp
from textcl.objectives.views import want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role
from textcl.util.precision import check_momentum, move_towards


class BYOL(Objective):
    """Predict how a moving average of encoder and projector sees the other view (self-distillation; no negatives).

    The online embeddings pass a projector and a predictor. The targets come from moving averages of the encoder and of
    the projector, take no gradient and never pass the predictor. Each view predicts each other view.

    A constant would be a perfect answer, and only the predictor and the lag of the target keep the run from it. Without
    the predictor the projections collapse: the loss falls to 0 and they all point one way. A projector can do that by
    itself, and then the embeddings stop learning rather than collapse; without a projector they collapse too. As the
    loss has no negatives, its value alone does not tell a good run from a bad one.

    The default momentum 0.95 remembers about 20 steps. Runs on text take some hundreds of steps, of which vision's
    0.996 would remember 250; they used 0.85 (MoCoSE's best, 7 steps) to 0.995 (ESimCSE). The default widths cost little
    beside an encoder 384 to 768 wide, on a CPU too (vision takes 4096 and 256).

    Args:
        dimension: Width D of the embeddings; filled in by recipes.
        hidden: Width of the hidden layers of projector and predictor.
        projection: Width of what is compared.
        momentum: The share of themselves that the moving averages keep in a step, from 0 to below 1.

    Raises:
        ValueError: A width is below 1, or the momentum outside its range.

    Source:
        Grill et al. 2020, Bootstrap Your Own Latent, eq. 2 (we take the mean of both directions, not their sum).
        arXiv:2006.07733
        Cao et al. 2022, Exploring the Impact of Negative Samples of Contrastive Learning (MoCoSE). arXiv:2202.13093

    Example:
        objective:
          use: BYOL
          hidden: 1024
          momentum: 0.95
    """

    papers = ("grill2020byol", "cao2022mocose")

    def __init__(self, dimension: int, hidden: int = 1024, projection: int = 256, momentum: float = 0.95) -> None:
        super().__init__()
        check_widths(hidden=hidden, projection=projection)
        check_momentum(momentum)
        self.momentum: float = momentum
        self.projector = mlp((dimension, hidden, projection))
        self.predictor = mlp((projection, hidden, projection))
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(False)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and any number of positives."""
        want_roles("BYOL", roles, positives=(1, None))

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean squared distance of unit predictions and unit targets, a scalar from 0 to 4."""
        predictions = [self.predictor(self.projector(view)) for view in batch.views]
        with torch.no_grad():
            targets = [self.target_projector(target) for target in batch.targets]
        return 2 - 2 * agreement(predictions, targets)

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Move the target's projector towards the online one."""
        move_towards(self.target_projector.state_dict(), self.projector.state_dict(), self.momentum)
