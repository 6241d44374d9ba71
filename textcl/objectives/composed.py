"""Objectives made of others: the weighted sum of several, and one for each source."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss, rows_of
from textcl.types.text import Role


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


def refuse_layers(objectives: Iterable[Objective]) -> None:
    """Refuse objectives that read several layers among others that know one.

    Raises:
        ValueError: Names it.
    """
    for objective in objectives:
        if objective.layers:
            name = type(objective).__name__
            raise ValueError(
                f"found {name} inside another objective, or beside one; put it around them: {name} of all."
            )


def refuse_copies(objective: Objective) -> None:
    """Refuse to copy an objective that shares weights with the encoder.

    Raises:
        ValueError: Names it.
    """
    if objective.wants_words:
        name = type(objective).__name__
        raise ValueError(
            f"objective: found {name}, which writes texts from whole vectors; put it beside others in a Sum."
        )


def seen_by(objective: Objective, batch: EmbeddedBatch) -> EmbeddedBatch:
    """Return the batch with the targets that the objective would have alone."""
    if objective.wants_teacher or objective.momentum is not None:
        return batch
    return replace(batch, targets=tuple(view.detach() for view in batch.views))


def weights_of(count: int, weights: Sequence[float] | None) -> tuple[float, ...]:
    """Return the weights of terms; None: 1 each.

    Raises:
        ValueError: There are more or fewer weights than terms, or one is not above 0.
    """
    found = (1.0,) * count if weights is None else tuple(weights)
    if len(found) != count or not all(weight > 0 for weight in found):
        raise ValueError(f"weights: found {list(found)}, but there must be {count} numbers above 0, one for each term.")
    return found


def summed(batch: EmbeddedBatch, members: Iterable[tuple[str, float, Objective, EmbeddedBatch]]) -> RowLoss | None:
    """Return the weighted sum of objectives as one sum over rows; None where none of them is one.

    An objective that is no such sum is computed whole, and each row adds an equal share of it.

    Args:
        batch: Of all of them.
        members: The name of each term, its weight, its objective, and the batch as that sees it.
    """
    found = [(name, weight, objective, seen, rows_of(objective, seen)) for name, weight, objective, seen in members]
    if all(loss is None for *_, loss in found):
        return None
    rows = len(batch.views[0])
    losses = [
        (name, weight, shared_out(objective(seen), rows) if loss is None else loss)
        for name, weight, objective, seen, loss in found
    ]

    def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
        added, start = {}, 0
        for name, weight, loss in losses:
            its = slice(start, start + len(loss.compared))
            added[name] = weight * torch.stack(list(loss.terms(compared[its], own[its], part).values())).sum()
            start = its.stop
        return added

    together = tuple(tensor for *_, loss in losses for tensor in loss.compared)
    return RowLoss(rows, together, terms, sum(loss.logits for *_, loss in losses))


def shared_out(loss: Tensor, rows: int) -> RowLoss:
    """Return a loss that is computed already, of which each row adds an equal share."""

    def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
        return {"loss": compared[0] * (len(range(rows)[part]) / rows)}

    return RowLoss(rows, (loss,), terms, 1)


class Sum(Objective):
    """The weighted sum of objectives on the same embeddings (multi-task loss).

    The log has each weighted term by its name. A run has one target. Objectives with a moving average can stand
    together when they agree on its momentum, and not beside one that follows a teacher. All others see the online
    embeddings as their targets, as they do alone.

    Losses differ in size by orders (CoSENT grows with the batch, cosine distances do not): read the terms in the log
    before setting weights.

    Args:
        objectives: One or more.
        weights: Of the objectives, above 0; None: 1 each.

    Raises:
        ValueError: There is no objective, the weights do not fit, or the objectives want different targets.

    Source:
        None; the paper of AnglE adds its terms so (Li & Li 2023). arXiv:2309.12871

    Example:
        objective:
          use: Sum
          objectives: [{use: CoSENT}, {use: AnglE}]
          weights: [1.0, 0.5]
    """

    def __init__(self, objectives: list[Objective], weights: list[float] | None = None) -> None:
        super().__init__()
        if not objectives:
            raise ValueError("objectives: found none, but there must be one or more.")
        refuse_layers(objectives)
        self.weights = weights_of(len(objectives), weights)
        self.momentum = common_momentum(objectives)
        self.wants_teacher = any(objective.wants_teacher for objective in objectives)
        self.wants_words = any(objective.wants_words for objective in objectives)
        self.objectives = nn.ModuleList(objectives)
        self.names = _names(objectives)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse what one of the objectives refuses."""
        for _, objective, _ in self._members():
            objective.check(roles, scored=scored, labelled=labelled)

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse what one of the objectives refuses."""
        for _, objective, _ in self._members():
            objective.check_rows(scores, labels, views)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum, a scalar in whatever the objectives count in."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted loss of each objective, by the name of its class, numbered where there are several."""
        return {name: weight * objective(seen_by(objective, batch)) for name, objective, weight in self._members()}

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the sum as one over rows, where one of the objectives is one."""
        return summed(
            batch, ((name, weight, objective, seen_by(objective, batch)) for name, objective, weight in self._members())
        )

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
        refuse_layers(different)
        self.momentum = common_momentum(different)
        self.wants_teacher = any(objective.wants_teacher for objective in different)
        self.wants_words = any(objective.wants_words for objective in different)
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

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the loss of the batch's own objective as a sum over rows, where it is one."""
        own = self._of(batch)
        return rows_of(own, seen_by(own, batch))

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
