"""BySource: each source of a run that takes its turns has its objective."""

from collections.abc import Mapping

from torch import Tensor, nn

from textcl.objectives.one_target import common_momentum, seen_by
from textcl.types import EmbeddedBatch, Objective


class BySource(Objective):
    """Hands each batch to the objective of the source that it is from; the others do not see it.

    An objective may serve several sources: its queue, heads and temperature then see the batches of all of them.

    A run has one target, as in `Sum`: objectives with a moving average stand together when they agree on its momentum,
    and not beside one that follows a teacher. All others see the online embeddings as their targets.

    Args:
        objectives: By the name of the source, one or more.

    Raises:
        ValueError: There is none, or they want different targets.

    Source:
        None; a batch from one data set at a time, each with its loss, is how sentence-transformers trains on several.
    """

    def __init__(self, objectives: Mapping[str, Objective]) -> None:
        super().__init__()
        if not objectives:
            raise ValueError("objectives: found none, but there must be one or more.")
        different = list(dict.fromkeys(objectives.values()))
        self.momentum = common_momentum(different)
        self.wants_teacher = any(objective.wants_teacher for objective in different)
        self.objectives = nn.ModuleList(different)
        self._numbers = {name: different.index(objective) for name, objective in objectives.items()}

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of the batch's own objective, a scalar in whatever that counts in."""
        own = self._of(batch)
        loss: Tensor = own(seen_by(own, batch))
        return loss

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the terms of the batch's own objective."""
        own = self._of(batch)
        return own.terms(seen_by(own, batch))

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return what the own objective's projector makes of the first view, (B, any width); None without one."""
        return self._of(batch).projected(batch)

    def readings(self) -> dict[str, float]:
        """Return the readings of each objective, by names like `faq temperature`; `faq+wiki` where two share it."""
        read: dict[str, float] = {}
        for number in range(len(self.objectives)):
            sources = "+".join(name for name, its in self._numbers.items() if its == number)
            read |= {f"{sources} {name}": value for name, value in self._numbered(number).readings().items()}
        return read

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Let the batch's own objective see the step."""
        own = self._of(batch)
        own.after_step(seen_by(own, batch))

    def _of(self, batch: EmbeddedBatch) -> Objective:
        return self._numbered(self._numbers[batch.source])

    def _numbered(self, number: int) -> Objective:
        objective = self.objectives[number]
        assert isinstance(objective, Objective), "a list of modules forgets what it was made of"
        return objective
