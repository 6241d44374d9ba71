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

    Where a batch has fewer rows, a queue helps: features of the batches before stand beside it when codes are made, and
    are shared out with it. They are compared with the prototypes as these are now, and predict nothing. The queue
    serves once it is full. It should begin when features have settled: until then old features are of another encoder.

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
        queue_size: Rows of past batches that help to make codes, for each of the two coded views; 0: none. Vision takes
            3840 beside batches of 256.
        queue_delay: Steps at the start whose features do not enter the queue.

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
    queue: Tensor  # (2, K, width) features of unit length, of the anchors and of the first positives
    queued: Tensor  # () int64, rows that have entered the queue

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
        queue_size: int = 0,
        queue_delay: int = 0,
    ) -> None:
        super().__init__()
        width = dimension if projection is None else projection
        check_widths(hidden=hidden, projection=width)
        _check_prototypes(prototypes, temperature, epsilon, sinkhorn_iterations)
        self.temperature, self.epsilon, self.sinkhorn_iterations = temperature, epsilon, sinkhorn_iterations
        _check_steps(frozen_steps=frozen_steps, queue_size=queue_size, queue_delay=queue_delay)
        self.frozen_steps, self.queue_delay = frozen_steps, queue_delay
        self.projector = nn.Identity() if projection is None else mlp((dimension, hidden, projection))
        self.prototypes = nn.Parameter(torch.randn(prototypes, width))  # (P, width)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        is_kept = queue_size > 0  # a run without a queue has the checkpoints of old
        self.register_buffer("queue", torch.zeros(CODED, queue_size, width), persistent=is_kept)
        self.register_buffer("queued", torch.zeros((), dtype=torch.int64), persistent=is_kept)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and any number of positives."""
        want_roles("SwAV", roles, positives=(1, None))

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, projection)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean cross-entropy between codes and the other views' predictions, a scalar in nats."""
        scores = [self._scores(self._features(view)) for view in _in_order(batch)]  # V x (B, P)
        codes = [self._codes(number, long.detach()) for number, long in enumerate(scores[:CODED])]
        losses = [
            F.cross_entropy(score / self.temperature, code)
            for giver, code in enumerate(codes)
            for view, score in enumerate(scores)
            if view != giver
        ]
        return torch.stack(losses).mean()

    @torch.no_grad()
    def after_step(self, batch: EmbeddedBatch) -> None:
        """Count the step, and put the features of the batch into the queue, in place of the oldest."""
        self.steps += 1
        size = self.queue.shape[1]
        if not size or self.steps <= self.queue_delay:
            return
        rows = len(batch.views[0])
        newest = min(rows, size)  # of a batch longer than the queue its last rows
        slots = (self.queued + torch.arange(newest, device=self.queued.device)) % size
        for number, view in enumerate(_in_order(batch)[:CODED]):
            self.queue[number, slots] = self._features(view)[rows - newest :].to(self.queue.dtype)
        self.queued += newest

    def readings(self) -> dict[str, float]:
        """Return which fraction of the queue is filled, where there is one."""
        size = self.queue.shape[1]
        return {"queue_filled": min(1.0, float(self.queued) / size)} if size else {}

    def _features(self, view: Tensor) -> Tensor:
        """Return the projections of a view with unit length, (B, width)."""
        return F.normalize(self.projector(view), dim=-1)

    def _scores(self, features: Tensor) -> Tensor:
        """Return the cosines with the prototypes, (B, P)."""
        is_frozen = bool(self.steps < self.frozen_steps)
        prototypes = self.prototypes.detach() if is_frozen else self.prototypes
        return features @ F.normalize(prototypes, dim=-1).T

    def _codes(self, number: int, scores: Tensor) -> Tensor:
        """Return the codes of one of the coded views, (B, P), shared out together with its queue once that is full."""
        rows, queue = len(scores), self.queue[number]
        if len(queue) and self.queued >= len(queue):
            scores = torch.cat([self._scores(queue.to(scores.dtype)).detach(), scores])  # (K + B, P)
        return sinkhorn(scores, self.epsilon, self.sinkhorn_iterations)[-rows:]


def _in_order(batch: EmbeddedBatch) -> list[Tensor]:
    """Return the anchors and then the positives of a batch, V x (B, D)."""
    return [batch.views[view] for role in (Role.ANCHOR, Role.POSITIVE) for view in views_of(batch.roles, role)]


def _check_steps(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise ValueError(f"{name}: found {number}, but it must be 0 or more.")


def _check_prototypes(prototypes: int, temperature: float, epsilon: float, sinkhorn_iterations: int) -> None:
    for name, divisor in {"temperature": temperature, "epsilon": epsilon}.items():
        if not divisor > 0:
            raise ValueError(f"{name}: found {divisor}, but cosines are divided by it: it must be above 0.")
    if prototypes < 2:
        raise ValueError(f"prototypes: found {prototypes}, but rows are told apart by them: 2 or more.")
    if sinkhorn_iterations < 1:
        raise ValueError(f"sinkhorn_iterations: found {sinkhorn_iterations}, but codes want 1 or more.")
