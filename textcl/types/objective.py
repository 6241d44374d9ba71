"""What every objective is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


class Objective(nn.Module, ABC):
    """A loss over one batch of embeddings, written for one machine.

    It may hold parameters (a projector, prototypes) and buffers (a queue). Everything that mixes rows lives here.
    A constructor argument called `dimension` is the encoder's D, and `teacher_dimension` the teacher's: recipes fill
    them in.
    """

    momentum: float | None = None  # set: the targets come from a moving average of the encoder, which keeps this share
    wants_teacher: bool = False  # the targets come from a teacher

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse batches that the objective can not learn from, before anything trains.

        Args:
            roles: Of the V views.
            scored: Whether rows carry scores.
            labelled: Whether rows carry labels.

        Raises:
            ValueError: Says what is found and what is wanted.
        """

    @abstractmethod
    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of a batch, a scalar. It has no side effects: it may run any number of times."""

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the terms that the loss adds up, by name; most objectives have one."""
        return {"loss": self(batch)}

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return what a projector makes of the first view, (B, any width), for the monitor; None without one."""
        return None

    def readings(self) -> dict[str, float]:
        """Return what is worth watching of own state, by name: `temperature`, `queue_age` (steps)."""
        return {}

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Change own state (a queue, a moving average) after the optimiser's step: the one place that does."""
