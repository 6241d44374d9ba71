"""Matryoshka: any objective on the first coordinates of the embeddings, for several numbers of them at once."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.composed import refuse_copies, refuse_layers, summed, weights_of
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class Matryoshka(Objective):
    """The sum of one objective over embeddings cut to several widths (MRL; MatryoshkaLoss in sentence-transformers).

    So the first coordinates come to say the most. Later the embeddings may be cut to any of these widths, and be
    searched so much faster. Each width has a copy of the objective of its own: queues, projectors and temperatures
    never mix widths. Copies start alike.

    Cutting means that the other coordinates are zero, in the targets as well: cosines and distances are those of the
    shorter vectors, and heads keep their width. An objective that counts coordinates sees the zeros: AnglE, which reads
    the second half of a vector as imaginary parts, finds none up to half the width. A teacher's vectors stay whole.
    Only the widths in the list are trained: without the encoder's own, the last coordinates learn nothing.

    Args:
        objective: What is done at each width.
        dimensions: Widths, each from 1 to the encoder's D.
        dimension: The encoder's width D.
        weights: Of the widths, above 0; None: 1 each.

    Raises:
        ValueError: A width is out of range or named twice, or the weights do not fit.

    Source:
        Kusupati et al. 2022, Matryoshka Representation Learning, eq. 1. arXiv:2205.13147

    Example:
        objective:
          use: Matryoshka
          objective: {use: InfoNCE}
          dimensions: [384, 128, 64]
    """

    papers = ("kusupati2022matryoshka",)

    def __init__(
        self, objective: Objective, dimensions: list[int], dimension: int, weights: list[float] | None = None
    ) -> None:
        super().__init__()
        _check(dimensions, dimension)
        refuse_layers([objective])
        refuse_copies(objective)
        self.weights = weights_of(len(dimensions), weights)
        self.dimensions = tuple(dimensions)
        self.objectives = nn.ModuleList(copy.deepcopy(objective) for _ in dimensions)
        self.momentum, self.wants_teacher = objective.momentum, objective.wants_teacher

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse what the objective refuses."""
        for _, objective, _ in self._widths():
            objective.check(roles, scored=scored, labelled=labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse what the objective refuses."""
        for _, objective, _ in self._widths():
            objective.check_rows(scores, labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum over widths, a scalar in units of the objective."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted loss of each width, by names like `dimension 64`."""
        return {
            f"dimension {width}": weight * objective(self._cut(batch, width))
            for width, objective, weight in self._widths()
        }

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the sum as one over rows, where the objective is one."""
        return summed(
            batch,
            (
                (f"dimension {width}", weight, objective, self._cut(batch, width))
                for width, objective, weight in self._widths()
            ),
        )

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return the projections at the largest width, where the objective has a projector."""
        width, objective, _ = max(self._widths(), key=lambda of_width: of_width[0])
        return objective.projected(self._cut(batch, width))

    def readings(self) -> dict[str, float]:
        """Return the readings of each width, by names like `dimension 64 temperature`."""
        return {
            f"dimension {width} {name}": value
            for width, objective, _ in self._widths()
            for name, value in objective.readings().items()
        }

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Let each copy see the step at its own width."""
        for width, objective, _ in self._widths():
            objective.after_step(self._cut(batch, width))

    def _widths(self) -> Iterator[tuple[int, Objective, float]]:
        for width, objective, weight in zip(self.dimensions, self.objectives, self.weights, strict=True):
            assert isinstance(objective, Objective), "a list of modules forgets what it was made of"
            yield width, objective, weight

    def _cut(self, batch: EmbeddedBatch, width: int) -> EmbeddedBatch:
        targets = batch.targets if self.wants_teacher else tuple(_first(target, width) for target in batch.targets)
        return replace(batch, views=tuple(_first(view, width) for view in batch.views), targets=targets)


def _check(dimensions: list[int], dimension: int) -> None:
    in_range = all(1 <= width <= dimension for width in dimensions)
    if not dimensions or not in_range or len(set(dimensions)) < len(dimensions):
        raise ValueError(
            f"dimensions: found {dimensions}, but there must be one or more different widths from 1 to {dimension}, "
            "the width of the encoder."
        )


def _first(embeddings: Tensor, width: int) -> Tensor:
    """Put zeros in place of all but the first coordinates, (B, D)."""
    return F.pad(embeddings[:, :width], (0, embeddings.shape[1] - width))
