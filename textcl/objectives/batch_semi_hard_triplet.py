"""Semi-hard triplets: for each positive pair the nearest negative that lies beyond the positive, by labels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import Distance, check_margin, distances_of_all
from textcl.objectives.graded_rows import count_by_label, pairs_by_label, want_different_labels, want_labels
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class BatchSemiHardTriplet(Objective):
    """Each positive pair's nearest negative beyond it (BatchSemiHardTripletLoss in sentence-transformers).

    The triplet loss of every positive pair with the nearest negative that is further away than the positive. Where all
    negatives are nearer than the positive, the furthest of them is taken: the mildest of the hard ones. Texts are
    compared with all texts of the batch, of every view; those of one label are positives. A pair without any negative
    does not count, and a batch without any triplet has loss 0. Batches should hold several rows of each label
    (`data.rows_per_label`). Needs memory for (positive pairs) x (texts).

    Milder than BatchHardTriplet at the start of training and with wrong labels; late in training few triplets are left
    and it slows down. Equal to sentence-transformers' BatchSemiHardTripletLoss where every text has a negative.

    Args:
        margin: By how much a negative is to be further away than a positive, in units of the distance. Above 0.
        distance: `cosine`, or `euclidean` of the vectors as they are, which wants a margin near 5.

    Raises:
        ValueError: The margin is not above 0.

    Source:
        Schroff et al. 2015, FaceNet, section 3.2 (squared distances there). arXiv:1503.03832
        The furthest negative in place of a missing one: TripletSemiHardLoss of TensorFlow Addons (no paper).

    Example:
        objective:
          use: BatchSemiHardTriplet
          margin: 0.2
          distance: cosine
    """

    papers = ("schroff2015facenet",)

    def __init__(self, margin: float = 0.2, distance: Distance = Distance.COSINE) -> None:
        super().__init__()
        check_margin(margin)
        self.margin, self.distance = margin, Distance(distance)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse rows without labels, and negative views."""
        want_labels("BatchSemiHardTriplet", roles, labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one label for all rows, and labels that no two texts share."""
        want_different_labels("BatchSemiHardTriplet", labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over positive pairs with a negative, a scalar in units of the distance."""
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with all its views."""
        counting = count_by_label(batch, lambda positives, negatives: _pairs(positives, negatives).sum())

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            positives, negatives = pairs_by_label(batch, part)
            distances = distances_of_all(torch.cat(list(own)), self.distance, torch.cat(list(compared)))  # (n, N)
            anchors, others = _pairs(positives, negatives).nonzero(as_tuple=True)  # (pairs,)
            near = distances[anchors, others]
            far = _semi_hard(distances[anchors], near, negatives[anchors])
            return {"loss": F.relu(near - far + self.margin).sum() / max(counting, 1)}

        views, rows = len(batch.views), len(batch.views[0])
        return RowLoss(rows, batch.views, terms, views * views * rows)


def _pairs(positives: Tensor, negatives: Tensor) -> Tensor:
    """Return which positives of a text count, (n, N): all, where it has a negative."""
    return positives & negatives.any(dim=1, keepdim=True)


def _semi_hard(distances: Tensor, near: Tensor, negatives: Tensor) -> Tensor:
    """Pick each pair's nearest negative beyond its positive, else its furthest negative.

    Args:
        distances: Of the pairs' anchors to all texts, (pairs, N).
        near: Of the pairs' anchors to their positives, (pairs,).
        negatives: Which texts are negatives of the pairs' anchors, (pairs, N) bool; one at least.

    Returns:
        The distance to the negative, (pairs,).
    """
    beyond = negatives & (distances > near[:, None])
    nearest_beyond = distances.masked_fill(~beyond, torch.inf).amin(dim=1)
    furthest = distances.masked_fill(~negatives, -torch.inf).amax(dim=1)
    return torch.where(beyond.any(dim=1), nearest_beyond, furthest)
