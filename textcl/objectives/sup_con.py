"""SupCon: pick all texts of an anchor's label among all texts of the batch."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.graded_rows import pairs_by_label, want_different_labels, want_labels
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.protocols import Objective
from textcl.types.text import Role


class SupCon(Objective):
    """Pick all texts of an anchor's label in the batch (supervised contrastive; SupConLoss in pytorch-metric-learning).

    Cross-entropy of picking each text's positives, all those of its label, among all texts of the batch. All views of
    the batch are one pool, and every text of it is an anchor, compared with all but itself. The mean over its positives
    stands outside the logarithm (the paper's better form). A text without any positive has loss 0 and does not count;
    equal texts of different labels are left out of each other's candidates.

    With p positives the loss cannot fall below log(p): compare runs of the same `data.rows_per_label` only. The
    embeddings of a label end in one point, so differences within a label are lost.

    Args:
        temperature: Divides the cosines. Positive, no unit.

    Raises:
        ValueError: The temperature is not positive.

    Source:
        Khosla et al. 2020, Supervised Contrastive Learning, eq. 2. arXiv:2004.11362

    Example:
        objective:
          use: SupCon
          temperature: 0.1
    """

    papers = ("khosla2020supcon",)

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse rows without labels, and negative views."""
        want_labels("SupCon", roles, labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one label for all rows, and labels that no two texts share."""
        want_different_labels("SupCon", labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over texts with a positive, a scalar in nats."""
        positives, negatives = pairs_by_label(batch)
        unit = F.normalize(torch.cat(batch.views), dim=-1)
        logits = unit @ unit.T / self.temperature  # (N, N)
        numbers = positives.sum(dim=1)  # (N,)
        counts = numbers > 0
        # texts that do not count keep all their candidates: a softmax over none would be NaN
        masked = ~(positives | negatives) & counts[:, None]
        log_shares = F.log_softmax(logits.masked_fill(masked, -torch.inf), dim=1).masked_fill(~positives, 0.0)
        losses = -log_shares.sum(dim=1) / numbers.clamp(min=1)
        return losses.sum() / counts.sum().clamp(min=1)
