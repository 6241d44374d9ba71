"""Global orthogonal regularization: texts of one view are spread out over the space."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class GlobalOrthogonalRegularization(Objective):
    """Spread texts over the space: a term of Sum (GlobalOrthogonalRegularizationLoss in sentence-transformers).

    Cosines of unrelated texts should look like those of random directions: their mean is 0, and their mean square
    1 / D. Two terms, each with its weight, punish what is above that: `mean`, the square of the mean cosine of the
    different rows of a view, and `second_moment`, the mean square minus 1 / D, if that is above 0. Each is the mean
    over the views. EmbeddingGemma was trained with it, which keeps vectors good when they are quantised.

    Alone it knows nothing of texts: it pushes all apart, what belongs together too. Texts that come twice in a view
    count as alike, and get no gradient by that. No matrix of all rows is made: it costs rows times D².

    Args:
        mean: Weight of this term; 0: without it.
        second_moment: Weight of this term; 0: without it.

    Raises:
        ValueError: A weight is below 0, or both are 0.

    Source:
        Zhang et al. 2017, Learning Spread-out Local Feature Descriptors, section 3.2. arXiv:1708.06320

    Example:
        objective:
          use: GlobalOrthogonalRegularization # beside InfoNCE in a Sum
          mean: 1.0
          second_moment: 1.0
    """

    papers = ("zhang2017spread",)

    def __init__(self, mean: float = 1.0, second_moment: float = 1.0) -> None:
        super().__init__()
        if not (mean >= 0 and second_moment >= 0 and mean + second_moment > 0):
            raise ValueError(
                f"mean, second_moment: found {mean} and {second_moment}, but weights must be 0 or more, and one of "
                "them above 0."
            )
        self.mean, self.second_moment = mean, second_moment

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Take any views."""

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum of both terms, a scalar in squared cosines."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted terms that have a weight."""
        moments = [_moments(view) for view in batch.views]
        means, squares = (torch.stack(each) for each in zip(*moments, strict=True))  # (V,)
        terms = {}
        if self.mean:
            terms["mean"] = self.mean * means.square().mean()
        if self.second_moment:
            expected = 1 / batch.views[0].shape[1]
            terms["second_moment"] = self.second_moment * (squares - expected).relu().mean()
        return terms


def _moments(view: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean cosine of different rows, and the mean of its square; 0 where there is one row alone.

    The sum of all products of rows is the square of the sum of the rows, and that of their squares the square of the
    matrix of features, (D, D); what rows make with themselves is taken away.
    """
    unit = F.normalize(view, dim=-1)  # (B, D)
    own = unit.square().sum(dim=-1)  # (B,) 1, or 0 for a vector of zeros
    pairs = max(1, len(unit) * (len(unit) - 1))
    first = (unit.sum(dim=0).square().sum() - own.sum()) / pairs
    second = ((unit.T @ unit).square().sum() - own.square().sum()) / pairs
    return first, second
