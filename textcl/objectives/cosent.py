"""CoSENT: pairs of a higher score have a higher cosine."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import cosines_by_row
from textcl.objectives.graded_rows import scored_pairs, want_different_scores, want_scored_pairs
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class CoSENT(Objective):
    """A penalty for every two rows with cosines in another order than scores (CoSENTLoss in sentence-transformers).

    Only the order of the scores matters, so any scale will do, and it is what Spearman's correlation measures. Rows of
    equal scores are not compared: a batch of equal scores has loss 0. The loss is one number for the whole batch and
    grows with the logarithm of its rows, so losses of different batch sizes do not compare.

    Args:
        temperature: Divides the differences of cosines; 0.05 is the scale of 20 of other libraries. Positive, no unit.

    Raises:
        ValueError: The temperature is not positive.

    Source:
        Su 2022, CoSENT (kexue.fm/archives/8847); Huang et al. 2024, CoSENT: Consistent Sentence Embedding via
        Similarity Ranking, doi:10.1109/TASLP.2024.3402087 (no arXiv id).

    Example:
        objective:
          use: CoSENT
          temperature: 0.05
    """

    papers = ("huang2024cosent",)

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive, and rows without scores."""
        want_scored_pairs("CoSENT", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one score for all rows."""
        want_different_scores("CoSENT", scores)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of the batch, a scalar in nats."""
        left, right, scores = scored_pairs(batch)
        return ranking_loss(cosines_by_row(left, right), scores, self.temperature)


def ranking_loss(similarities: Tensor, scores: Tensor, temperature: float) -> Tensor:
    """Logarithm of 1 and the exponentials of all differences of similarities that stand in the wrong order.

    Args:
        similarities: Of the two texts of each row, (B,).
        scores: What they should be ordered by, (B,), of any scale.
        temperature: Divides the differences. Positive.

    Returns:
        A scalar in nats.
    """
    differences = (similarities - similarities[:, None]) / temperature  # (B, B)
    wrong = differences.masked_fill(scores[:, None] <= scores, -torch.inf)  # row i has the higher score than row j
    return torch.logsumexp(F.pad(wrong.flatten(), (1, 0)), dim=0)  # the zero before them is the 1
