"""SwAV: predict the other view's assignment to prototypes."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.heads import check_widths, mlp
from textcl.objectives.views import views_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


def sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Turn scores into codes: each row is shared out among the prototypes, and each prototype gets about as much.

    It scales columns and rows of exp(scores / epsilon) by turns, rows last. It works on logarithms, in which each sum
    has its maximum subtracted, so no score is too large and no row or column sum vanishes.

    Args:
        scores: Of each row with each prototype, (B, P).
        epsilon: Divides the scores; the smaller, the harder the codes. Positive, no unit.
        iterations: How often both are scaled; 1 or more.

    Returns:
        Codes, (B, P), in float32 or wider: rows sum to 1, columns to about B / P, the closer the more iterations.

    Source:
        Cuturi 2013, Sinkhorn Distances. arXiv:1306.0895
        Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments, section 3.1.
        arXiv:2006.09882
    """
    wide = torch.promote_types(scores.dtype, torch.float32)
    logarithms = scores.to(wide) / epsilon  # (B, P)
    for _ in range(iterations):
        logarithms = logarithms.log_softmax(dim=0)
        logarithms = logarithms.log_softmax(dim=1)
    return logarithms.exp()


CODED = 2  # views that give codes: the anchor and the first positive


class SwAV(Objective):
    """Predict which learned prototypes the other view belongs to (online clustering; SwaVLoss in lightly).

    It takes no negatives. Features and prototypes are compared by cosine. The anchor and the first positive are the
    long views: their scores become codes (`sinkhorn`), which share the rows of the batch out evenly among the
    prototypes and take no gradient. Every other view predicts each code; positives beyond the first are short crops
    that predict only.

    Without the even shares all rows move to one prototype: the loss falls to 0 and all features point one way. A
    projector can do that by itself, and then the embeddings stop learning rather than collapse. A loss that stays near
    log(prototypes) says that the codes are flat, as with a large epsilon, or cannot be predicted. Codes are made from
    one batch, so it should hold about as many rows as there are prototypes.

    The default widths cost little beside an encoder 384 to 768 wide, on a CPU too (vision takes 2048 and 128), and 128
    prototypes fit batches of 64 to 256 rows (vision takes 3000 for 4096 rows). 30 frozen steps are a tenth of a run on
    20,000 rows in batches of 64 (vision freezes them for the first epoch).

    Args:
        dimension: Width D of the embeddings; filled in by recipes.
        hidden: Width of the projector's hidden layer.
        projection: Width of the features; null: the embeddings themselves are compared with prototypes, no projector.
        prototypes: Their number, P.
        temperature: Divides the cosines of the prediction. Positive, no unit.
        epsilon: Divides the cosines that become codes; the smaller, the harder the codes. Positive, no unit.
        sinkhorn_iterations: How often Sinkhorn-Knopp scales rows and columns; 1 or more.
        frozen_steps: Steps at the start in which the prototypes stand still, until features have settled.

    Raises:
        ValueError: A setting is outside its range.

    Source:
        Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments.
        arXiv:2006.09882

    Example:
        objective:
          use: SwAV
          prototypes: 128
          frozen_steps: 30
    """

    papers = ("caron2020swav",)

    steps: Tensor

    def __init__(
        self,
        dimension: int,
        hidden: int = 1024,
        projection: int | None = 128,
        prototypes: int = 128,
        temperature: float = 0.1,
        epsilon: float = 0.05,
        sinkhorn_iterations: int = 3,
        frozen_steps: int = 30,
    ) -> None:
        super().__init__()
        width = dimension if projection is None else projection
        check_widths(hidden=hidden, projection=width)
        _check_prototypes(prototypes, temperature, epsilon, sinkhorn_iterations, frozen_steps)
        self.temperature, self.epsilon, self.sinkhorn_iterations = temperature, epsilon, sinkhorn_iterations
        self.frozen_steps = frozen_steps
        self.projector = nn.Identity() if projection is None else mlp((dimension, hidden, projection))
        self.prototypes = nn.Parameter(torch.randn(prototypes, width))  # (P, width)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and any number of positives."""
        want_roles("SwAV", roles, positives=(1, None))

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean cross-entropy between codes and the other views' predictions, a scalar in nats."""
        views = [view for role in (Role.ANCHOR, Role.POSITIVE) for view in views_of(batch.roles, role)]
        scores = [self._scores(batch.views[view]) for view in views]  # V x (B, P)
        codes = [sinkhorn(long.detach(), self.epsilon, self.sinkhorn_iterations) for long in scores[:CODED]]
        losses = [
            F.cross_entropy(score / self.temperature, code)
            for giver, code in enumerate(codes)
            for view, score in enumerate(scores)
            if view != giver
        ]
        return torch.stack(losses).mean()

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Count the step."""
        self.steps += 1

    def _scores(self, view: Tensor) -> Tensor:
        """Return the cosines with the prototypes, (B, P)."""
        is_frozen = bool(self.steps < self.frozen_steps)
        prototypes = self.prototypes.detach() if is_frozen else self.prototypes
        return F.normalize(self.projector(view), dim=-1) @ F.normalize(prototypes, dim=-1).T


def _check_prototypes(
    prototypes: int, temperature: float, epsilon: float, sinkhorn_iterations: int, frozen_steps: int
) -> None:
    for name, divisor in {"temperature": temperature, "epsilon": epsilon}.items():
        if not divisor > 0:
            raise ValueError(f"{name}: found {divisor}, but cosines are divided by it: it must be above 0.")
    if prototypes < 2:
        raise ValueError(f"prototypes: found {prototypes}, but rows are told apart by them: 2 or more.")
    if sinkhorn_iterations < 1:
        raise ValueError(f"sinkhorn_iterations: found {sinkhorn_iterations}, but codes want 1 or more.")
    if frozen_steps < 0:
        raise ValueError(f"frozen_steps: found {frozen_steps}, but it is a number of steps: 0 or more.")
