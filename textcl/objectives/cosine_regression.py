"""Cosine regression: the cosine of two texts is their score."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import cosines_by_row
from textcl.objectives.graded_rows import scored_pairs, want_scored_pairs, want_scores_within
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class CosineRegression(Objective):
    """The mean squared difference of cosine and score (CosineSimilarityLoss in sentence-transformers).

    It asks for the cosine itself, not only for the right order, and so spends effort on bringing the cosines of an
    encoder down to a scale of scores; CoSENT asks for the order and usually ranks better.

    Args:
        score_scale: The score that means a cosine of 1; scores are divided by it. 5 for the scores of STS-B. Above 0.

    Raises:
        ValueError: The scale is not above 0.
        RowError: A divided score is not from -1 to 1; raised before training.

    Source:
        Reimers & Gurevych 2019, Sentence-BERT, section 3, regression objective. arXiv:1908.10084

    Example:
        objective:
          use: CosineRegression
          score_scale: 5 # scores from 0 to 5
    """

    papers = ("reimers2019sbert",)

    def __init__(self, score_scale: float = 1.0) -> None:
        super().__init__()
        if not score_scale > 0:
            raise ValueError(f"score_scale: found {score_scale}, but scores are divided by it: it must be above 0.")
        self.score_scale = score_scale

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive, and rows without scores."""
        want_scored_pairs("CosineRegression", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse scores beyond the scale."""
        if scores is not None:
            self._want_within(scores)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over rows, a scalar in squared cosines."""
        left, right, scores = scored_pairs(batch)
        self._want_within(scores)
        return F.mse_loss(cosines_by_row(left, right), scores.to(left.dtype) / self.score_scale)

    def _want_within(self, scores: Tensor) -> None:
        advice = "Set objective.score_scale to the highest score of the data."
        want_scores_within("CosineRegression", scores, -self.score_scale, self.score_scale, advice)
