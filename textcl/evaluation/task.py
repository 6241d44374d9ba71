"""What an evaluation task is, and what it hands back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use

Weights = NDArray[np.float64]  # (R, size): how often each item counts, in each of R resamples
Values = NDArray[np.float64]  # (R,)
Swaps = NDArray[np.bool_]  # (size,), or (R, size): which items are exchanged, in each of R permutations
Metrics = dict[str, Values]


class Sample(Protocol):
    """The outcome of a task, item by item: enough to score it, and to resample it."""

    @property
    def size(self) -> int:
        """Number of items: judged queries, or pairs."""
        ...

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return each metric for each row of weights; a row of ones gives the score itself."""
        ...


@runtime_checkable
class Exchangeable(Sample, Protocol):
    """A sample whose items can be exchanged with those of another model: what a paired permutation test needs."""

    def exchanged(self, other: Self, swaps: Swaps) -> tuple[Self, Self]:
        """Return both samples with the items at `swaps` (size,) exchanged between them."""
        ...


@runtime_checkable
class ExchangeableAtOnce(Sample, Protocol):
    """The same for many permutations at once, and where each metric exchanges something else: ranks, or values."""

    def exchanged_metrics(self, other: Self, swaps: Swaps) -> tuple[Metrics, Metrics]:
        """Return the metrics of both after the items at each row of `swaps` (R, size) were exchanged between them."""
        ...


@runtime_checkable
class Stratified(Sample, Protocol):
    """A sample of several sets of items, each of which a bootstrap resamples within itself."""

    @property
    def strata(self) -> tuple[int, ...]:
        """Number of items of each set, in the order of the items."""
        ...


class Task(Protocol):
    """Scores a model that it knows only as a function from texts to vectors."""

    @property
    def name(self) -> str:
        """The task's name in reports: `stsb-test`."""
        ...

    def run(self, embed: Embed) -> Sample:
        """Embed the task's texts and compare."""
        ...


@runtime_checkable
class Symmetric(Protocol):
    """A task whose texts are neither queries nor documents, such as the sentences of a pair.

    They take the model's prompt of one of these names, the best first, else its default prompt, or none.
    """

    @property
    def prompt_names(self) -> tuple[str, ...]:
        """What MTEB calls the type of the task."""
        ...


def under_prompts_of(task: Task, embed: Embed) -> Embed:
    """Return the same model, which chooses the prompts that suit a task; its roles choose among towers as ever."""
    if not isinstance(task, Symmetric):
        return embed
    names = task.prompt_names

    def prompted(texts: Sequence[str], role: Role | Use) -> FloatArray:
        return embed(texts, role if isinstance(role, Use) else Use(names, tower=role))

    return prompted


@dataclass(frozen=True, slots=True)
class PositivePair:
    """Two texts that a good model puts close together, each with the role in which a task embeds it."""

    first: str
    second: str
    roles: tuple[Role, Role] = (Role.ANCHOR, Role.ANCHOR)


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts that a task compares, and the score or label that it holds to be right; None: they belong together."""

    first: str
    second: str
    grade: float | None


@runtime_checkable
class Comparing(Task, Protocol):
    """A task that says which of its texts it compares in pairs, so that training data can be searched for them."""

    def compared(self) -> Sequence[TextPair] | None:
        """Return all such pairs; none where it compares no pairs, None where it does not know them."""
        ...


@runtime_checkable
class Paired(Protocol):
    """A task that knows which of its texts belong together."""

    def positives(self) -> Sequence[PositivePair]:
        """Return all such pairs, in a fixed order."""
        ...
