"""CoSENT: pairs of a higher score have a higher cosine."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.distances import cosines_by_row
from textcl.objectives.graded_rows import scored_pairs, want_different_scores, want_scored_pairs
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss, row_blocks
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
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over the rows of the higher score, each with all of a lower."""
        left, right, scores = scored_pairs(batch)
        return ranking_loss(cosines_by_row(left, right), scores, self.temperature)


def ranking_loss(similarities: Tensor, scores: Tensor, temperature: float) -> RowLoss:
    """Logarithm of 1 and the exponentials of all differences of similarities that stand in the wrong order.

    The logarithm is of one sum over all pairs of rows; once it is known, the gradient is a sum over rows. Each row
    carries an equal part of the value.

    Args:
        similarities: Of the two texts of each row, (B,).
        scores: What they should be ordered by, (B,), of any scale.
        temperature: Divides the differences. Positive.

    Returns:
        The loss, in nats.
    """
    rows = len(similarities)

    def differences(own: Tensor, part: slice, all_rows: Tensor) -> tuple[Tensor, Tensor]:
        in_order = scores[part, None] <= scores  # (b, B) else the row has the higher score
        return (all_rows - own[:, None]) / temperature, in_order

    loss = similarities.new_zeros(())  # the logarithm of the 1
    with torch.no_grad():
        for part in row_blocks(0, rows, rows):
            wrong, in_order = differences(similarities[part], part, similarities)
            loss = torch.logaddexp(loss, wrong.masked_fill_(in_order, -torch.inf).flatten().logsumexp(dim=0))

    def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
        wrong, in_order = differences(own[0], part, compared[0])
        weights = (wrong.detach() - loss).exp().masked_fill(in_order, 0.0)  # (b, B) the gradient by each difference
        moving = (weights * wrong).sum()
        return {"loss": loss * len(own[0]) / rows + moving - moving.detach()}

    return RowLoss(rows, (similarities,), terms, rows)
