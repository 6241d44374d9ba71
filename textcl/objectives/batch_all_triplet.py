"""All triplets of a batch, by labels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import Distance, check_margin, distances_of_all
from textcl.objectives.graded_rows import pairs_by_label, want_different_labels, want_labels
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class BatchAllTriplet(Objective):
    """The mean loss of the batch's triplets that lack the margin (BatchAllTripletLoss in sentence-transformers).

    Texts are compared with all texts of the batch, of every view; those of one label are positives. Triplets that keep
    the margin count neither in the sum nor in the number, or they would soon drown the others. A batch without any such
    triplet has loss 0. Batches should hold several rows of each label (`data.rows_per_label`). Needs memory for
    (positive pairs) x (texts). Because of the changing number the loss need not fall while training goes well.

    Equal to sentence-transformers' BatchAllTripletLoss.

    Args:
        margin: By how much a negative is to be further away than a positive, in units of the distance. Above 0.
        distance: `cosine`, or `euclidean` of the vectors as they are, which wants a margin near 5.

    Raises:
        ValueError: The margin is not above 0.

    Source:
        Hermans et al. 2017, In Defense of the Triplet Loss for Person Re-Identification (batch all, the mean over
        losses that are not 0). arXiv:1703.07737

    Example:
        objective:
          use: BatchAllTriplet
          margin: 0.2
          distance: cosine
    """

    papers = ("hermans2017defense",)

    def __init__(self, margin: float = 0.2, distance: Distance = Distance.COSINE) -> None:
        super().__init__()
        check_margin(margin)
        self.margin, self.distance = margin, Distance(distance)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse rows without labels, and negative views."""
        want_labels("BatchAllTriplet", roles, labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one label for all rows, and labels that no two texts share."""
        want_different_labels("BatchAllTriplet", labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over triplets with a loss, a scalar in units of the distance."""
        positives, negatives = pairs_by_label(batch)
        distances = distances_of_all(torch.cat(batch.views), self.distance)  # (N, N)
        anchors, others = positives.nonzero(as_tuple=True)  # (pairs,)
        near = distances[anchors, others][:, None]
        losses = F.relu(near - distances[anchors] + self.margin).masked_fill(~negatives[anchors], 0.0)  # (pairs, N)
        return losses.sum() / (losses > 0).sum().clamp(min=1)
