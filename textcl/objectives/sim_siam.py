"""SimSiam: predict the other view's projection, which takes no gradient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.heads import agreement, check_widths, mlp
from textcl.objectives.views import want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class SimSiam(Objective):
    """Predict the other view's projection, which has no gradient (stop-gradient; NegativeCosineSimilarity in lightly).

    It takes no negatives and no moving average. The targets are the same embeddings without their gradient. Both sides
    pass the projector, only the predicting side passes the predictor, a bottleneck. Each view predicts each other view.

    A constant would be a perfect answer, and only the predictor and the stopped gradient keep the run from it. When
    they do not, the loss falls to -1 early: projections use few directions, and the embeddings stop learning or
    collapse. As the loss has no negatives, its value alone does not tell a good run from a bad one.

    The default widths are half of vision's 2048 and 512: beside an encoder 384 to 768 wide the head stays cheap, on a
    CPU too. The predictor's hidden layer has a quarter of its outer width, as in the paper.

    Args:
        dimension: Width D of the embeddings; filled in by recipes.
        projection: Width of the projector's layers, and of what is compared.
        bottleneck: Width of the predictor's hidden layer.

    Raises:
        ValueError: A width is below 1.

    Source:
        Chen & He 2021, Exploring Simple Siamese Representation Learning. arXiv:2011.10566

    Example:
        objective:
          use: SimSiam
          projection: 1024
          bottleneck: 256
    """

    papers = ("chen2021simsiam",)

    def __init__(self, dimension: int, projection: int = 1024, bottleneck: int = 256) -> None:
        super().__init__()
        check_widths(projection=projection, bottleneck=bottleneck)
        self.projector = mlp((dimension, projection, projection, projection), ends_in_norm=True)
        self.predictor = mlp((projection, bottleneck, projection))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and any number of positives."""
        want_roles("SimSiam", roles, positives=(1, None))

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the negative mean cosine of predictions and targets, a scalar from -1 to 1."""
        predictions = [self.predictor(self.projector(view)) for view in batch.views]
        with torch.no_grad():
            targets = [self.projector(target) for target in batch.targets]
        return -agreement(predictions, targets)
