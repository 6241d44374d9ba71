"""ListwiseKL: an anchor's similarities to its candidates follow the scores that a judge gave them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.distances import Similarity, checked_similarity, compared_by
from textcl.objectives.distillation import similarity_divergences
from textcl.objectives.graded_rows import graded_candidates, want_graded_candidates, want_scores_of_texts
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class ListwiseKL(Objective):
    """Rank a positive and its negatives as a judge scored them (DistillKLDivLoss in sentence-transformers).

    A row is an anchor, its positive and one or more negatives, each with a score: of a cross-encoder or of a larger
    encoder, as `textcl mine` writes them. Scores and similarities become probabilities over the row's own texts by a
    softmax each; the loss is the Kullback-Leibler divergence from the judge's to the encoder's, times temperature². It
    takes nothing from other rows, so the size of a batch changes its noise alone, and a negative that the judge finds
    as good as the positive does no harm.

    Scores of any scale will do, if `teacher_temperature` fits it. Cosines of an encoder want the encoder's own, 0.05.
    Those of a cross-encoder are from 0 to 1 or about -10 to 10: 0.1 or 1. Where it is too low, the best text gets all
    the probability and the judge says no more than a label; where it is too high, all texts are alike and the loss
    pulls them together. A row without negatives of its own has loss 0.

    In a `Sum` give it a weight: at a temperature of 0.05 the factor is 1/400.

    Args:
        temperature: Divides the encoder's similarities. Positive, no unit.
        teacher_temperature: Divides the scores; null: the same. Positive, in units of the scores.
        similarity: `cosine`, or `dot` for encoders whose vectors are compared as they are.

    Raises:
        ValueError: A temperature is not positive, the similarity is unknown, or rows lack scores of their texts; raised
            before training.

    Source:
        Lin et al. 2020, Distilling Dense Representations for Ranking using Tightly-Coupled Teachers. arXiv:2010.11386
        Hinton et al. 2015, Distilling the Knowledge in a Neural Network (the factor). arXiv:1503.02531

    Example:
        objective:
          use: ListwiseKL # the source has score: [positive_score, scores]
          temperature: 0.05
          teacher_temperature: 1.0
    """

    papers = ("lin2020tct",)

    def __init__(
        self,
        temperature: float = 0.05,
        teacher_temperature: float | None = None,
        similarity: Similarity = Similarity.COSINE,
    ) -> None:
        super().__init__()
        check_temperature(temperature)
        check_temperature(temperature if teacher_temperature is None else teacher_temperature, "teacher_temperature")
        self.temperature = temperature
        self.teacher_temperature = temperature if teacher_temperature is None else teacher_temperature
        self.similarity = checked_similarity(similarity)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and one or more negatives, and rows without scores."""
        want_graded_candidates("ListwiseKL", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one score for a whole row, and scores that are the same for all its texts."""
        want_scores_of_texts("ListwiseKL", scores)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over rows, a scalar in nats times temperature²."""
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with its own candidates."""
        rows, candidates = len(batch.views[0]), graded_candidates(batch)
        teachers = candidates.scores / self.teacher_temperature  # (B, 1 + n)

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            anchors = own[candidates.anchor]
            students = torch.stack([(anchors * own[view]).sum(dim=-1) for view in candidates.views], dim=1)
            divergences = similarity_divergences(
                students / self.temperature, teachers[part], candidates.masked[part]
            )  # (b,)
            return {"loss": self.temperature**2 * divergences.sum() / rows}

        return RowLoss(rows, compared_by(self.similarity, batch), terms, len(candidates.views))
