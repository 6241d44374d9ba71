"""The average of one metric over tasks: the last column of a paper's table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.items import items_digest
from textcl.evaluation.task import (
    Comparing,
    ExchangeableAtOnce,
    Metrics,
    Sample,
    Swaps,
    Task,
    TextPair,
    Values,
    Weights,
    under_prompts_of,
)
from textcl.types.batches import Embed


@dataclass(frozen=True, slots=True)
class AverageSample:
    """The samples of all tasks, of which one metric is averaged; each task counts once, whatever its size.

    Its items are those of all tasks, in their order. Tasks are independent sets of data that are always all there, so
    a bootstrap resamples each within itself (`strata`). A metric that is NaN in one task is NaN on average.
    """

    members: Mapping[str, Sample]  # task -> its sample
    metric: str

    @property
    def size(self) -> int:
        """Number of items of all tasks."""
        return sum(self.strata)

    @property
    def strata(self) -> tuple[int, ...]:
        """Number of items of each task."""
        return tuple(sample.size for sample in self.members.values())

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return the average for each row of weights (R, size)."""
        return self._mean([sample.metrics(weights[:, own]) for sample, own in self._columns()])

    def exchanged_metrics(self, other: Self, swaps: Swaps) -> tuple[Metrics, Metrics]:
        """Return both averages after the items at each row of `swaps` (R, size) were exchanged between the models.

        Where a task's items cannot be exchanged, both are NaN.
        """
        both = [
            _exchanged(mine, its, swaps[:, own], self.metric)
            for (mine, own), its in zip(self._columns(), other.members.values(), strict=True)
        ]
        return self._mean([mine for mine, _ in both]), self._mean([its for _, its in both])

    def _columns(self) -> list[tuple[Sample, slice]]:
        """Pair each task's sample with where its items stand among those of all."""
        ends = np.cumsum(self.strata).tolist()
        starts = [0, *ends[:-1]]
        return [(s, slice(a, b)) for s, a, b in zip(self.members.values(), starts, ends, strict=True)]

    def _mean(self, scored: Sequence[Metrics]) -> Metrics:
        for name, metrics in zip(self.members, scored, strict=True):
            if self.metric not in metrics:
                raise DataError(f"'{self.metric}' cannot be averaged: {name} has {', '.join(metrics)}.")
        return {self.metric: np.mean([metrics[self.metric] for metrics in scored], axis=0)}


def _exchanged(mine: Sample, its: Sample, swaps: Swaps, metric: str) -> tuple[Metrics, Metrics]:
    if isinstance(mine, ExchangeableAtOnce) and isinstance(its, ExchangeableAtOnce):
        return mine.exchanged_metrics(its, swaps)
    nothing = {metric: np.full(len(swaps), np.nan)}
    return nothing, nothing


class Average:
    """A task that averages a metric over other tasks.

    Args:
        name: The task's name in reports: `sts-average`.
        members: The tasks, which may be run beside it.
        metric: A metric that all of them have.
    """

    def __init__(self, name: str, members: Sequence[Task], metric: str) -> None:
        if not members:
            raise ValueError(f"{name} averages over no task.")
        self.name, self.members, self.metric = name, tuple(members), metric

    @property
    def fingerprint(self) -> str:
        """A text that changes when the data of a member does."""
        return f"{self.metric} of " + ", ".join(f"{task.name} {items_digest(task)}" for task in self.members)

    def run(self, embed: Embed) -> AverageSample:
        """Run the members and average."""
        return self.of({task.name: task.run(under_prompts_of(task, embed)) for task in self.members})

    def compared(self) -> list[TextPair] | None:
        """Return the pairs of all members; None where one of them does not know its own."""
        compared = [task.compared() if isinstance(task, Comparing) else None for task in self.members]
        known = [pairs for pairs in compared if pairs is not None]
        return [pair for pairs in known for pair in pairs] if len(known) == len(compared) else None

    def of(self, samples: Mapping[str, Sample]) -> AverageSample:
        """Average over the samples of members that were run already."""
        return AverageSample({task.name: samples[task.name] for task in self.members}, self.metric)

    def is_done(self, samples: Mapping[str, Sample]) -> bool:
        """Say whether the samples of all members are among those given."""
        return all(task.name in samples for task in self.members)
