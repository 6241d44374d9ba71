"""Contrastive: pairs labelled same or different, pulled together or pushed beyond a margin."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import Distance, check_margin, distances_by_row
from textcl.objectives.graded_rows import scored_pairs, want_scored_pairs, want_scores_within
from textcl.objectives.views import views_of
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class Contrastive(Objective):
    """Pull equal pairs together, push different ones beyond a margin (ContrastiveLoss in sentence-transformers).

    Half the squared distance of pairs that are the same, half the squared shortfall of pairs that are not. A row is two
    texts with a score: 1 for the same, 0 for different; between them it weighs both terms. Distances are 1 minus the
    cosine. Different texts further apart than the margin teach nothing, so random pairs soon stop to help: the data
    needs different pairs that look alike. Equal texts that are scored as different are not pushed apart.

    Args:
        margin: The distance that different texts are to keep, from 0 to 2 (opposite directions).

    Raises:
        ValueError: The margin is not above 0.
        RowError: A score is not from 0 to 1; raised before training.

    Source:
        Hadsell et al. 2006, Dimensionality Reduction by Learning an Invariant Mapping, eq. 4 (no arXiv id).
        Margin: the default of sentence-transformers' ContrastiveLoss.

    Example:
        objective:
          use: Contrastive
          margin: 0.5
    """

    papers = ("hadsell2006contrastive",)

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__()
        check_margin(margin)
        self.margin = margin

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive, and rows without scores."""
        want_scored_pairs("Contrastive", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse scores that are not from 0 to 1."""
        if scores is not None:
            _want_shares(scores)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over rows, a scalar in squared distances."""
        left, right, scores = scored_pairs(batch)
        _want_shares(scores)
        same = scores.to(left.dtype)  # (B,)
        distances = distances_by_row(left, right, Distance.COSINE)  # (B,)
        shortfall = F.relu(self.margin - distances).masked_fill(_equal_texts(batch), 0.0)
        return (same * distances.square() + (1 - same) * shortfall.square()).mean() / 2


def _want_shares(scores: Tensor) -> None:
    want_scores_within("Contrastive", scores, 0, 1, "Use 1 for pairs that are the same and 0 for the others.")


def _equal_texts(batch: EmbeddedBatch) -> Tensor:
    """Tell the rows whose two texts are the same text, (B,) bool."""
    anchor, positive = (views_of(batch.roles, role)[0] for role in (Role.ANCHOR, Role.POSITIVE))
    return torch.eq(batch.identity[anchor], batch.identity[positive])
