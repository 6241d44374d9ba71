"""Sum: several objectives on the same embeddings, each with its weight."""

from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from textcl.objectives.one_target import common_momentum, seen_by
from textcl.objectives.weights import weights_of
from textcl.types import EmbeddedBatch, Objective, Role


class Sum(Objective):
    """The weighted sum of objectives; the log has each weighted term by its name.

    A run has one target. Objectives with a moving average can stand together when they agree on its momentum, and not
    beside one that follows a teacher. All others see the online embeddings as their targets, as they do alone.

    Losses differ in size by orders (CoSENT grows with the batch, cosine distances do not): read the terms in the log
    before setting weights.

    Args:
        objectives: One or more.
        weights: Of the objectives, above 0; None: 1 each.

    Raises:
        ValueError: There is no objective, the weights do not fit, or the objectives want different targets.

    Source:
        None; the paper of AnglE adds its terms so (Li & Li 2023). arXiv:2309.12871
    """

    def __init__(self, objectives: list[Objective], weights: list[float] | None = None) -> None:
        super().__init__()
        if not objectives:
            raise ValueError("objectives: found none, but there must be one or more.")
        self.weights = weights_of(len(objectives), weights)
        self.momentum = common_momentum(objectives)
        self.wants_teacher = any(objective.wants_teacher for objective in objectives)
        self.objectives = nn.ModuleList(objectives)
        self.names = _names(objectives)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse what one of the objectives refuses."""
        for _, objective, _ in self._members():
            objective.check(roles, scored=scored, labelled=labelled)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum, a scalar in whatever the objectives count in."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted loss of each objective, by the name of its class, numbered where there are several."""
        return {name: weight * objective(seen_by(objective, batch)) for name, objective, weight in self._members()}

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return the projections of the first objective that has a projector."""
        all_projected = (objective.projected(seen_by(objective, batch)) for _, objective, _ in self._members())
        return next((projected for projected in all_projected if projected is not None), None)

    def readings(self) -> dict[str, float]:
        """Return the readings of each objective, by names like `InfoNCE temperature`."""
        return {
            f"{name} {reading}": value
            for name, objective, _ in self._members()
            for reading, value in objective.readings().items()
        }

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Let each objective see the step."""
        for _, objective, _ in self._members():
            objective.after_step(seen_by(objective, batch))

    def _members(self) -> Iterator[tuple[str, Objective, float]]:
        for name, objective, weight in zip(self.names, self.objectives, self.weights, strict=True):
            assert isinstance(objective, Objective), "a list of modules forgets what it was made of"
            yield name, objective, weight


def _names(objectives: Sequence[Objective]) -> tuple[str, ...]:
    """Return the names of the classes, the second of a kind and the like with a number: InfoNCE 1, InfoNCE 2."""
    kinds = [type(objective).__name__ for objective in objectives]
    seen: Counter[str] = Counter()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(f"{kind} {seen[kind]}" if kinds.count(kind) > 1 else kind)
    return tuple(names)
