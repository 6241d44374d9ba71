"""Batch-hard triplets: each text's furthest positive and nearest negative in the batch, by labels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import Distance, check_margin, distances_of_all
from textcl.objectives.graded_rows import count_by_label, pairs_by_label, want_different_labels, want_labels
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class BatchHardTriplet(Objective):
    """Each text's worst positive and worst negative (hard mining; BatchHardTripletLoss in sentence-transformers).

    The triplet loss of every text with the furthest of its positives and the nearest of its negatives. Texts are
    compared with all texts of the batch, of every view; those of one label are positives. A text without a positive or
    without a negative does not count, and a batch without any triplet has loss 0. Batches should hold several rows of
    each label (`data.rows_per_label`).

    Only the worst pairs teach, so wrong labels do most of the talking, and training may collapse at the start: then the
    loss stays at the margin. BatchSemiHardTriplet is milder. Equal to sentence-transformers' BatchHardTripletLoss where
    every text has a positive and a negative; there, a text without one counts as if it lay on its positive.

    Args:
        margin: By how much a negative is to be further away than a positive, in units of the distance. Above 0.
        distance: `cosine`, or `euclidean` of the vectors as they are, which wants a margin near 5.

    Raises:
        ValueError: The margin is not above 0.

    Source:
        Hermans et al. 2017, In Defense of the Triplet Loss for Person Re-Identification (batch hard). arXiv:1703.07737

    Example:
        objective:
          use: BatchHardTriplet
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
        want_labels("BatchHardTriplet", roles, labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one label for all rows, and labels that no two texts share."""
        want_different_labels("BatchHardTriplet", labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over texts with a triplet, a scalar in units of the distance."""
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with all its views."""
        counting = count_by_label(batch, lambda positives, negatives: (positives.any(1) & negatives.any(1)).sum())

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            positives, negatives = pairs_by_label(batch, part)
            distances = distances_of_all(torch.cat(list(own)), self.distance, torch.cat(list(compared)))  # (n, N)
            furthest = distances.masked_fill(~positives, -torch.inf).amax(dim=1)  # (n,)
            nearest = distances.masked_fill(~negatives, torch.inf).amin(dim=1)
            losses = F.relu(furthest - nearest + self.margin)  # 0 where either is missing: the difference is -inf
            return {"loss": losses.sum() / max(counting, 1)}

        views, rows = len(batch.views), len(batch.views[0])
        return RowLoss(rows, batch.views, terms, views * views * rows)
