"""AnglE: pairs of a higher score have a smaller difference of angles, in complex space."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.cosent import ranking_loss
from textcl.objectives.graded_rows import scored_pairs, want_different_scores, want_scored_pairs
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class AnglE(Objective):
    """CoSENT on angles, whose slope does not vanish near cosines of 1 and -1 (AnglELoss in sentence-transformers).

    A vector's first half is read as real parts, its second half as imaginary parts; two texts are as similar as the
    sum of real and imaginary part of the one divided by the other. The vectors' own cosine, by which they are later
    compared, is only one part of that, so the paper adds CoSENT and InfoNCE to it: use a Sum.

    The order of subtraction is that of the authors' program; eq. 3 of the paper has it the other way round. Under
    Matryoshka, coordinates that are zeroed take the imaginary parts away, and AnglE is CoSENT on absolute cosines.

    Args:
        temperature: Divides the differences of similarities; 0.05 is the scale of 20 of other libraries. Positive.

    Raises:
        ValueError: The temperature is not positive.

    Source:
        Li & Li 2023, AnglE-optimized Text Embeddings. arXiv:2309.12871

    Example:
        objective:
          use: AnglE
          temperature: 0.05
    """

    papers = ("li2023angle",)

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive, and rows without scores."""
        want_scored_pairs("AnglE", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one score for all rows."""
        want_different_scores("AnglE", scores)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of the batch, a scalar in nats."""
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over the rows of the higher score, each with all of a lower."""
        left, right, scores = scored_pairs(batch)
        return ranking_loss(_similarities(left, right), scores, self.temperature)


def _similarities(left: Tensor, right: Tensor) -> Tensor:
    """Return the size of real plus imaginary part of left / right, each row on its own: (B, D), (B, D) to (B,)."""
    left_real, left_imaginary = _halves(left)
    right_real, right_imaginary = _halves(right)
    real = left_real * right_real + left_imaginary * right_imaginary  # (B, D / 2)
    imaginary = left_imaginary * right_real - left_real * right_imaginary
    return (real + imaginary).sum(dim=-1).abs()


def _halves(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Cut unit vectors in two; an odd width gets a zero."""
    even = F.pad(F.normalize(embeddings, dim=-1), (0, embeddings.shape[-1] % 2))
    real, imaginary = even.chunk(2, dim=-1)
    return real, imaginary
