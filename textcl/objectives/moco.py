"""MoCo: find the moving average's embedding of the other view among those of the batch and of the steps before."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.directions import pick_own
from textcl.objectives.heads import check_widths, mlp
from textcl.objectives.temperature import check_temperature
from textcl.objectives.views import false_negatives, pair_of, unit_views, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role
from textcl.util.precision import check_momentum, move_towards


class MoCo(Objective):
    """InfoNCE against a moving average of the encoder and a queue of past negatives (momentum contrast; memory bank).

    Each view of a row finds the target embedding of its other view. The negatives are the targets of the other rows and
    the queue: the targets of the rows before, which give a small batch many negatives. The moving average keeps old and
    new targets comparable. Both directions count alike, and each looks into a queue of its own, so questions never
    stand among answers. Texts that say the same as the row's own are masked, in the queue too, and so are its slots
    that are not yet filled. Targets are embedded with dropout on.

    What is compared are projections: of the embeddings by a projector, of the targets by a moving average of it. It is
    thrown away after training. Text needs it: no gradient flows through the targets, and the bare embeddings of a tuned
    encoder got worse at scoring sentences under that loss, with a queue and without; with projections they got better.

    Momentum and queue are those that MoCoSE found best for text. Runs are short: at 0.85 the target lags by seven
    steps, at the 0.999 of vision by a thousand, which is all of a short run. 512 rows are eight batches of 64: older
    rows are ones that the encoder has moved away from. Larger batches want a longer queue.

    Args:
        dimension: The encoder's width D.
        temperature: Divides the cosines; below 0.1 the hardest negatives dominate. Positive, no unit.
        momentum: The share of itself that the moving average keeps at a step, from 0 to below 1.
        queue_size: Rows of past batches that serve as negatives, K.
        hidden: Width of the projector's hidden layer.
        projection: Width of what is compared, P.

    Raises:
        ValueError: A setting is out of its range.

    Source:
        He et al. 2020, Momentum Contrast for Unsupervised Visual Representation Learning. arXiv:1911.05722
        Chen et al. 2020, Improved Baselines with Momentum Contrastive Learning (the projector). arXiv:2003.04297
        Cao et al. 2022, Exploring the Impact of Negative Samples of Contrastive Learning (MoCoSE). arXiv:2202.13093
        Wu et al. 2022, ESimCSE (the batch's own rows beside the queue). arXiv:2109.04380

    Example:
        objective:
          use: MoCo
          momentum: 0.85
          queue_size: 512
    """

    papers = ("he2020moco", "cao2022mocose")

    queue: Tensor  # (2, K, P) projected targets of the anchors and of the positives, unit length
    queue_identity: Tensor  # (2, K) int64
    queue_step: Tensor  # (K,) int64, the step in which a slot was filled; 0: not yet
    steps: Tensor  # () int64, steps taken
    pointer: Tensor  # () int64, the slot that is filled next

    def __init__(
        self,
        dimension: int,
        temperature: float = 0.05,
        momentum: float = 0.85,
        queue_size: int = 512,
        hidden: int = 1024,
        projection: int = 256,
    ) -> None:
        super().__init__()
        check_widths(hidden=hidden, projection=projection)
        check_temperature(temperature)
        check_momentum(momentum)
        if queue_size < 1:
            raise ValueError(f"queue_size: found {queue_size}, but it must be 1 or more.")
        self.temperature: float = temperature
        self.momentum: float = momentum
        self.projector = mlp((dimension, hidden, projection))
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(False)
        self.register_buffer("queue", torch.zeros(2, queue_size, projection))
        self.register_buffer("queue_identity", torch.zeros(2, queue_size, dtype=torch.int64))
        self.register_buffer("queue_step", torch.zeros(queue_size, dtype=torch.int64))
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("pointer", torch.tensor(0))

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive."""
        want_roles("MoCo", roles)

    def projected(self, batch: EmbeddedBatch) -> Tensor:
        """Return the projections of the first view, (B, P)."""
        projections: Tensor = self.projector(batch.views[0])
        return projections

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over rows and over both directions, a scalar in nats."""
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows; what is compared are projections."""
        rows = len(batch.views[0])
        targets = tuple(F.normalize(target, dim=-1) for target in self._projected_targets(batch))
        batch = replace(batch, views=tuple(map(self.projector, batch.views)), targets=targets)
        anchor, positive = pair_of(batch.roles)

        def terms(unit: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            there = self._logits(batch, own[anchor], anchor, positive, 1, part)
            back = self._logits(batch, own[positive], positive, anchor, 0, part)
            return {"loss": pick_own([there, back], torch.arange(rows, device=there.device)[part]) / rows}

        return RowLoss(rows, unit_views(batch), terms, 2 * (rows + len(self.queue_step)))

    @torch.no_grad()
    def after_step(self, batch: EmbeddedBatch) -> None:
        """Put the targets of the batch into the queue, in place of the oldest; move the target's projector."""
        targets = self._projected_targets(batch)
        rows = len(batch.targets[0])
        slots = self._next_slots(rows)
        newest = slice(rows - len(slots), rows)  # of a batch longer than the queue its last rows
        self.steps += 1
        for side, view in enumerate(pair_of(batch.roles)):
            self.queue[side, slots] = F.normalize(targets[view], dim=-1)[newest].to(self.queue.dtype)
            self.queue_identity[side, slots] = batch.identity[view][newest]
        self.queue_step[slots] = self.steps
        self.pointer.add_(len(slots)).remainder_(len(self.queue_step))
        move_towards(self.target_projector.state_dict(), self.projector.state_dict(), self.momentum)

    def readings(self) -> dict[str, float]:
        """Return the mean age of the queue's rows, in steps at the next forward pass, and its filled fraction."""
        filled = self.queue_step > 0
        ages = (self.steps + 1 - self.queue_step)[filled]
        return {
            "queue_age": float(ages.cpu().double().mean()) if len(ages) else 0.0,
            "queue_filled": float(filled.cpu().double().mean()),
        }

    @torch.no_grad()
    def _projected_targets(self, batch: EmbeddedBatch) -> tuple[Tensor, ...]:
        return tuple(map(self.target_projector, batch.targets))

    def _logits(self, batch: EmbeddedBatch, own: Tensor, chooser: int, wanted: int, side: int, part: slice) -> Tensor:
        """Return those of a view's own rows against the targets of the other and the queue's side of it, (b, B + K)."""
        targets = torch.cat([batch.targets[wanted], self.queue[side]])
        known = (
            torch.cat([batch.identity[wanted], self.queue_identity[side]]),
            torch.cat([batch.identity[chooser], self.queue_identity[1 - side]]),
        )
        pair = batch.identity[wanted][part], batch.identity[chooser][part]
        masked = false_negatives(pair, known, known[0])  # (b, B + K)
        rows = len(batch.views[chooser])
        masked[range(len(masked)), torch.arange(rows)[part]] = False
        masked[:, rows:] |= self.queue_step == 0
        cosines = own @ targets.T
        return (cosines / self.temperature).masked_fill(masked, -torch.inf)

    def _next_slots(self, rows: int) -> Tensor:
        """Return the slots that so many rows go to, from the oldest on, each once."""
        size = len(self.queue_step)
        return (self.pointer + torch.arange(min(rows, size), device=self.pointer.device)) % size
