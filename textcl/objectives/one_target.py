"""The one target that the objectives of a run share, where there are several."""

from collections.abc import Iterable
from dataclasses import replace

from textcl.types import EmbeddedBatch, Objective


def common_momentum(objectives: Iterable[Objective]) -> float | None:
    """Return the momentum of those that want one.

    Raises:
        ValueError: They want different targets.
    """
    wanted = list(objectives)
    found = {objective.momentum for objective in wanted if objective.momentum is not None}
    if len(found) > 1:
        raise ValueError(
            f"objectives: found {len(found)} values of momentum, {', '.join(map(str, found))}, but a run has one "
            "moving average of the encoder. Give all that have a momentum the same."
        )
    if found and any(objective.wants_teacher for objective in wanted):
        raise ValueError(
            "objectives: found one that follows a teacher beside one that follows a moving average of the encoder, "
            "but a run has one target. Take one of them away."
        )
    return next(iter(found), None)


def seen_by(objective: Objective, batch: EmbeddedBatch) -> EmbeddedBatch:
    """Return the batch with the targets that the objective would have alone."""
    if objective.wants_teacher or objective.momentum is not None:
        return batch
    return replace(batch, targets=tuple(view.detach() for view in batch.views))
