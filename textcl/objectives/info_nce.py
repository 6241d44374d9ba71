"""InfoNCE: pick each anchor's own positive among all candidates of the batch."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.roles import views_of, want_roles
from textcl.types import EmbeddedBatch, Objective, Role


class InfoNCE(Objective):
    """Cross-entropy of finding an anchor's positive among the positives and hard negatives of the whole batch.

    The other rows' texts serve as negatives. Texts that are equal to the anchor or to its positive are not: they are
    masked by their identity, so repeated texts do no harm. A row without any negative left has loss 0.

    With the two dropout views of one text (SimCSE) a small temperature matters. The loss falls to 0 and teaches nothing
    when the positives are too easy; it stays at log(candidates) when the encoder has collapsed.

    Args:
        temperature: Divides the cosines; below 0.1 the hardest negatives dominate. Positive, no unit.
        symmetric: Also find each positive's anchor among the anchors, and take the mean of both directions.

    Raises:
        ValueError: The temperature is not positive.

    Source:
        van den Oord et al. 2018, Representation Learning with Contrastive Predictive Coding. arXiv:1807.03748
        Gao et al. 2021, SimCSE. arXiv:2104.08821
    """

    def __init__(self, temperature: float = 0.05, symmetric: bool = False) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature: found {temperature}, but cosines are divided by it: it must be above 0.")
        self.temperature = temperature
        self.symmetric = symmetric

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and any number of negatives."""
        want_roles("InfoNCE", roles, negatives=(0, None))

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over anchors (and over both directions when symmetric), a scalar in nats."""
        anchor, positive, *negatives = (
            view for role in (Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE) for view in views_of(batch.roles, role)
        )
        candidates = (positive, *negatives)
        loss = info_nce(
            batch.views[anchor],
            torch.cat([batch.views[view] for view in candidates]),
            false_negatives(batch.identity, anchor, positive, candidates),
            self.temperature,
        )
        if not self.symmetric:
            return loss
        backward = info_nce(
            batch.views[positive],
            batch.views[anchor],
            false_negatives(batch.identity, positive, anchor, (anchor,)),
            self.temperature,
        )
        return (loss + backward) / 2


def info_nce(anchors: Tensor, candidates: Tensor, masked: Tensor, temperature: float | Tensor) -> Tensor:
    """Cross-entropy of picking each anchor's own candidate among all candidates.

    Both sides are scaled to unit length first, so similarities are cosines.

    Args:
        anchors: Embeddings of the batch's anchors, (B, D).
        candidates: Embeddings to choose from, (N, D) with N ≥ B; candidate i is the positive of anchor i.
        masked: Candidates that are no negatives of an anchor, (B, N) bool; never an anchor's own positive.
        temperature: Divides the cosines. Positive, no unit.

    Returns:
        The mean over anchors, a scalar in nats.

    Source:
        van den Oord et al. 2018, eq. 4. arXiv:1807.03748
    """
    cosines = F.normalize(anchors, dim=-1) @ F.normalize(candidates, dim=-1).T  # (B, N)
    logits = (cosines / temperature).masked_fill(masked, -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(anchors), device=anchors.device))


def false_negatives(identity: tuple[Tensor, ...], anchor: int, positive: int, candidates: tuple[int, ...]) -> Tensor:
    """Find the candidates that must not count as negatives because their text says the same.

    These are the texts equal to the anchor or to its positive, and the positives of rows with an equal anchor.

    Args:
        identity: For each view the numbers of its texts, V x (B,) int64.
        anchor: The view that chooses.
        positive: The view that holds each anchor's own positive.
        candidates: The views to choose from, `positive` first.

    Returns:
        True where anchor i must not be pushed from candidate j, (B, N) bool; False at an anchor's own positive.
    """
    same_anchor = identity[anchor][:, None] == identity[anchor]  # (B, B)
    texts = torch.cat([identity[view] for view in candidates])  # (N,)
    masked = (identity[anchor][:, None] == texts) | (identity[positive][:, None] == texts)  # (B, N)
    rows = len(same_anchor)
    masked[:, :rows] |= same_anchor
    masked[:, :rows].fill_diagonal_(False)
    return masked
