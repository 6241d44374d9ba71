"""MarginMSE: a positive is ahead of a negative by as much as a judge says."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.errors import RowError
from textcl.objectives.distances import Similarity, checked_similarity, compared_by
from textcl.objectives.graded_rows import graded_candidates, want_graded_candidates, want_scores_of_texts
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role

_WIDEST = 2.0  # difference of two cosines


class MarginMSE(Objective):
    """The squared difference of the encoder's margin and a judge's (MarginMSELoss in sentence-transformers).

    A row is an anchor, its positive and one or more negatives, each with a score: of a cross-encoder or of a larger
    encoder, as `textcl mine` writes them. How far the positive is ahead of a negative, in similarity to the anchor,
    should be how far its score is. It needs no true negatives: a text that the judge prefers has a margin below 0. Only
    differences count, so scores may be shifted. Where margins are known and no scores, give the positive 0 and each
    negative its margin with a minus sign.

    Margins of cosines are at most 2, and those of a cross-encoder may be 20: divide them, or compare by `dot`, whose
    vectors may be of any length. Then the model must be searched by products too.

    Args:
        score_scale: Divides the scores, so that margins fit similarities: 10 for scores from -10 to 10. Above 0.
        similarity: `cosine`, or `dot`.

    Raises:
        ValueError: The scale is not above 0, the similarity is unknown, or rows lack scores of their texts; raised
            before training.
        RowError: A divided margin is more than two cosines can differ by; raised before training.

    Source:
        Hofstätter et al. 2020, Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge
        Distillation. arXiv:2010.02666

    Example:
        objective:
          use: MarginMSE # the source has score: [positive_score, scores]
          score_scale: 10
    """

    papers = ("hofstaetter2020margin",)

    def __init__(self, score_scale: float = 1.0, similarity: Similarity = Similarity.COSINE) -> None:
        super().__init__()
        if not score_scale > 0:
            raise ValueError(f"score_scale: found {score_scale}, but scores are divided by it: it must be above 0.")
        self.score_scale, self.similarity = score_scale, checked_similarity(similarity)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and one or more negatives, and rows without scores."""
        want_graded_candidates("MarginMSE", roles, scored)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse one score for a whole row, scores that are all the same, and margins that no cosines have."""
        want_scores_of_texts("MarginMSE", scores)
        if scores is None or self.similarity is Similarity.DOT:
            return
        margins = (scores.max(dim=1).values - scores.min(dim=1).values) / self.score_scale  # (n,)
        if bool((margins > _WIDEST).any()):
            row = int(margins.argmax())
            raise RowError(
                f"found a margin of {margins[row].item():g}, but cosines differ by {_WIDEST:g} at the most. Set "
                "objective.score_scale to what scores shall be divided by, or objective.similarity to dot.",
                row,
            )

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over rows and negatives, a scalar in squared similarities."""
        return self.by_rows(batch).loss()

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with its own candidates."""
        candidates = graded_candidates(batch)
        scores = candidates.scores / self.score_scale  # (B, 1 + n)
        wanted = scores[:, :1] - scores[:, 1:]  # (B, n)

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            anchors, (positive, *negatives) = own[candidates.anchor], candidates.views
            margins = torch.stack(
                [(anchors * (own[positive] - own[negative])).sum(dim=-1) for negative in negatives], dim=1
            )  # (b, n)
            return {"loss": (margins - wanted[part]).square().sum() / wanted.numel()}

        return RowLoss(len(wanted), compared_by(self.similarity, batch), terms, len(candidates.views))
