"""Adaptive layers: any objective on the embeddings of several layers of the encoder at once."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.composed import refuse_copies, summed, weights_of
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class AdaptiveLayers(Objective):
    """One objective on the embeddings of several layers (2-D Matryoshka; AdaptiveLayerLoss in sentence-transformers).

    So an encoder that is cut to its first layers (`encoder.layers: 4` of a later recipe) still embeds well, and is as
    much faster as it is shorter. With a `Matryoshka` inside, the vectors may be cut as well: Matryoshka2dLoss. The last
    layer is always among them. Its loss counts once, those of the others as their weights say.

    The earlier layers also follow the last, as a student its teacher: `divergence` is the Kullback-Leibler divergence
    from the softmax over the coordinates of the last layer's vectors, which get no gradient by it.

    Every layer has a copy of the objective of its own. The encoder runs once, and pools each layer as it pools the
    last. It is one encoder of layers, not two towers and no table of token embeddings, and this objective stands around
    others (`Sum`, `Matryoshka`), never inside.

    Args:
        objective: What is done at each layer.
        layers: Numbers of layers beside the last: 1 is the first, 0 the embeddings of the words below it.
        dimension: The encoder's width D.
        weights: Of these layers, above 0; None: the same for all, together 1.
        divergence: Weight of the divergences, which are added up; 0: without them.
        temperature: Divides the coordinates before their softmax. Positive.

    Raises:
        ValueError: A layer is below 0, named twice or not below the last, a weight does not fit, the temperature is not
            positive, or the objective itself reads layers.

    Source:
        Li et al. 2024, 2D Matryoshka Sentence Embeddings. arXiv:2402.14776

    Example:
        objective:
          use: AdaptiveLayers
          objective: {use: Matryoshka, objective: {use: InfoNCE}, dimensions: [384, 128]}
          layers: [2, 4]
    """

    papers = ("li20242dmse",)

    def __init__(
        self,
        objective: Objective,
        layers: list[int],
        dimension: int,
        weights: list[float] | None = None,
        divergence: float = 1.0,
        temperature: float = 0.3,
    ) -> None:
        super().__init__()
        _check(objective, layers, divergence)
        refuse_copies(objective)
        check_temperature(temperature)
        self.layers, self.dimension = tuple(layers), dimension
        even = [1 / len(layers)] * len(layers)
        self.weights = (1.0, *weights_of(len(layers), even if weights is None else weights))
        self.names = ("last layer", *(f"layer {layer}" for layer in layers))
        self.objectives = nn.ModuleList(copy.deepcopy(objective) for _ in self.names)
        self.divergence = divergence
        self.follows = _Follows(len(layers), dimension, temperature)
        self.momentum, self.wants_teacher = objective.momentum, objective.wants_teacher

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse what the objective refuses."""
        self._of(0).check(roles, scored=scored, labelled=labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse what the objective refuses."""
        self._of(0).check_rows(scores, labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum over layers and divergences, a scalar in units of the objective."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted loss of each layer, by names like `layer 4`, and `divergence`."""
        return {name: weight * objective(seen) for name, weight, objective, seen in self._members(batch)}

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the sum as one over rows, where the objective is one."""
        return summed(batch, self._members(batch))

    def shown(self, batch: EmbeddedBatch) -> EmbeddedBatch:
        """Return the batch as the last layer has it."""
        return self._layer(batch, 0)

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return the projections at the last layer, where the objective has a projector."""
        return self._of(0).projected(self._layer(batch, 0))

    def readings(self) -> dict[str, float]:
        """Return the readings of each layer, by names like `layer 4 temperature`."""
        return {
            f"{layer} {name}": value
            for number, layer in enumerate(self.names)
            for name, value in self._of(number).readings().items()
        }

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Let each copy see the step at its own layer."""
        for number in range(len(self.names)):
            self._of(number).after_step(self._layer(batch, number))

    def _members(self, batch: EmbeddedBatch) -> Iterator[tuple[str, float, Objective, EmbeddedBatch]]:
        for number, (name, weight) in enumerate(zip(self.names, self.weights, strict=True)):
            yield name, weight, self._of(number), self._layer(batch, number)
        if self.divergence:
            yield "divergence", self.divergence, self.follows, batch

    def _of(self, number: int) -> Objective:
        objective = self.objectives[number]
        assert isinstance(objective, Objective), "a list of modules forgets what it was made of"
        return objective

    def _layer(self, batch: EmbeddedBatch, number: int) -> EmbeddedBatch:
        """Return the batch as a layer has it; 0 is the last, which comes first in the encoder's vectors."""
        own = slice(number * self.dimension, (number + 1) * self.dimension)
        targets = batch.targets if self.wants_teacher else tuple(target[:, own] for target in batch.targets)
        return replace(batch, views=tuple(view[:, own] for view in batch.views), targets=targets)


class _Follows(Objective):
    """How far the earlier layers are from the last."""

    def __init__(self, layers: int, dimension: int, temperature: float) -> None:
        super().__init__()
        self.form, self.temperature = (-1, 1 + layers, dimension), temperature

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the sum over layers of the mean divergence of a text, times temperature, a scalar in nats."""
        shares = torch.cat(batch.views).view(self.form) / self.temperature  # (V * B, 1 + layers, D)
        wanted = shares[:, 0].detach().softmax(dim=-1)
        losses = [
            F.kl_div(shares[:, layer].log_softmax(dim=-1), wanted, reduction="batchmean")
            for layer in range(1, shares.shape[1])
        ]
        return self.temperature * torch.stack(losses).sum()


def _check(objective: Objective, layers: list[int], divergence: float) -> None:
    if objective.layers:
        raise ValueError("objective: found one that reads layers itself; name all of them in one list of layers.")
    if not layers or min(layers) < 0 or len(set(layers)) < len(layers):
        raise ValueError(
            f"layers: found {layers}, but there must be one or more different numbers: 0 for the embeddings of the "
            "words, 1 for the first layer, up to the last but one."
        )
    if not divergence >= 0:
        raise ValueError(f"divergence: found {divergence}, but it is a weight: it must be 0 or above.")
