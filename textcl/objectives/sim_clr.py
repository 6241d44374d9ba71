"""SimCLR: every view of a row finds the row's other views among all views of the batch."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.graded_rows import texts_of
from textcl.objectives.heads import check_widths, mlp
from textcl.objectives.temperature import check_temperature
from textcl.objectives.views import rows_that_share_a_text, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class SimCLR(Objective):
    """Every view finds another view of its row among all views of the batch (NT-Xent; NTXentLoss in lightly).

    The views of all other rows are a view's negatives. A projector stands between the embeddings and the loss and is
    thrown away after training: it takes up what the loss wants forgotten, such as what tells two crops of a text apart,
    and leaves it in the embeddings. The loss is the mean over the 2B views, each finding the other one; with more views
    than two, over all ordered pairs of views of a row, and the row's further views are left out of the softmax. Rows
    that share a text are no negatives of each other.

    The projector starts from random weights: `training.objective_learning_rate` lets it learn faster than the encoder.
    The loss falls to 0 when the views are too easy, and stays at log(V·B) when the encoder has collapsed.

    Args:
        dimension: The encoder's width D.
        temperature: Divides the cosines of projected embeddings. Positive, no unit.
        projection: Width of what is compared; the projector's hidden layer is as wide as the encoder.

    Raises:
        ValueError: The temperature or a width is not positive.

    Source:
        Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations, algorithm 1.
        arXiv:2002.05709. The temperature is that of text: Giorgi et al. 2021, DeCLUTR. arXiv:2006.03659

    Example:
        objective:
          use: SimCLR
          temperature: 0.05
          projection: 128
    """

    papers = ("chen2020simclr",)

    def __init__(self, dimension: int, temperature: float = 0.05, projection: int = 128) -> None:
        super().__init__()
        check_temperature(temperature)
        check_widths(projection=projection)
        self.temperature = temperature
        self.projector = mlp((dimension, dimension, projection))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse negatives, and rows of a single view."""
        want_roles("SimCLR", roles, positives=(1, None))

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over all ordered pairs of views of a row, a scalar in nats."""
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows; what is compared are projections."""
        views, rows = len(batch.views), len(batch.views[0])
        projected = F.normalize(self.projector(torch.cat(batch.views)), dim=-1)  # (V*B, P)

        def terms(unit: Sequence[Tensor], own_unit: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            own = texts_of(batch, part)  # (V*b,)
            logits = torch.cat(list(own_unit)) @ torch.cat(list(unit)).T / self.temperature  # (V*b, V*B)
            masked = rows_that_share_a_text(batch.identity, part).repeat(views, views)  # the view itself among them
            losses = []
            for shift in range(1, views):
                partner = (own + shift * rows) % (views * rows)  # (V*b,) the same row, so many views on
                wanted = masked.scatter(1, partner[:, None], False)
                losses.append(F.cross_entropy(logits.masked_fill(wanted, -torch.inf), partner, reduction="sum"))
            return {"loss": torch.stack(losses).mean() / (views * rows)}

        return RowLoss(rows, projected.chunk(views), terms, views * views * rows * (views - 1))
