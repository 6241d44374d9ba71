"""SupCon: pick all texts of an anchor's label among all texts of the batch."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.graded_rows import pairs_by_label, want_different_labels, want_labels
from textcl.objectives.temperature import check_temperature
from textcl.objectives.views import unit_views
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
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
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with all its views."""
        assert batch.labels is not None, "`check` wants labels"
        views, rows = len(batch.views), len(batch.views[0])
        of_label = batch.labels.unique(return_counts=True)[1] * views  # texts of each label
        counting = int(of_label[of_label > 1].sum())  # texts with a positive

        def terms(unit: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            logits = torch.cat(list(own)) @ torch.cat(list(unit)).T / self.temperature  # (n, N)
            losses = _losses(logits, *pairs_by_label(batch, part))
            return {"loss": losses.sum() / max(counting, 1)}

        return RowLoss(rows, unit_views(batch), terms, views * views * rows)


def _losses(logits: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """Return the loss of each text, (n,), of its logits and of who is what to it, (n, N); 0 without a positive."""
    numbers = positives.sum(dim=1)  # (n,)
    # texts that do not count keep all their candidates: a softmax over none would be NaN
    masked = ~(positives | negatives) & (numbers > 0)[:, None]
    log_shares = F.log_softmax(logits.masked_fill(masked, -torch.inf), dim=1).masked_fill(~positives, 0.0)
    return -log_shares.sum(dim=1) / numbers.clamp(min=1)
