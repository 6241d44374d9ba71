"""Nearest neighbours by cosine."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from textcl.types.batches import EmbeddedBatch, FloatArray, IntArray
from textcl.types.text import Role


@dataclass(frozen=True, slots=True)
class StepLog:
    """What is known of a step, over all ranks."""

    step: int  # steps done, counted from 1
    steps: int  # length of the run
    loss: float
    learning_rate: float
    gradient_norm: float  # before clipping
    rows_per_second: float
    tokens_per_second: float  # real tokens
    padding_share: float  # fraction of encoded positions
    waiting_share: float  # fraction of the step's time that went by until its batch was there, mean over ranks
    terms: dict[str, float] = field(default_factory=dict)  # of the loss, where it has several
    readings: dict[str, float] = field(default_factory=dict)  # the monitor's, on some steps
    source: str = ""  # that the batch is from, where sources take turns


class Objective(nn.Module, ABC):
    """A loss over one batch of embeddings, written for one machine.

    It may hold parameters (a projector, prototypes) and buffers (a queue). Everything that mixes rows lives here.
    A constructor argument called `dimension` is the encoder's D, and `teacher_dimension` the teacher's: recipes fill
    them in.
    """

    momentum: float | None = None  # set: the targets come from a moving average of the encoder, which keeps this share
    wants_teacher: bool = False  # the targets come from a teacher
    papers: tuple[str, ...] = ()  # whom a model card cites: keys of `textcl/hub/template/methods.bib`

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse batches that the objective cannot learn from, before anything trains.

        Args:
            roles: Of the V views.
            scored: Whether rows carry scores.
            labelled: Whether rows carry labels.

        Raises:
            ValueError: Says what is found and what is wanted.
        """

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse scores and labels that the objective cannot learn from, before anything trains.

        They are those of some rows, which show all that rows differ in: the lowest and the highest score are among
        them, two different labels where there are two, and one of them twice where any comes twice.

        Args:
            scores: (n,); None: rows carry none.
            labels: (n,); None: rows carry none.
            views: V.

        Raises:
            RowError: A row cannot be used.
            ValueError: The rows together cannot.
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


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest documents of each query, best first."""

    ids: IntArray  # (Q, k) positions in the order of adding, -1 where fewer than k
    scores: FloatArray  # (Q, k) cosines


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """How many vectors an index learns from before vectors are added to it; 0 where it learns nothing."""

    fewest: int = 0
    usual: int = 0  # more would hardly make it better


class Index(Protocol):
    """Nearest neighbours by cosine. The id of a vector is its position in the order of adding."""

    @property
    def dimension(self) -> int:
        """The width D of the vectors."""
        ...

    @property
    def factory(self) -> str:
        """The name that it was built by, `exact` or `IVF1024,PQ48`."""
        ...

    @property
    def training_rows(self) -> TrainingRows:
        """What `train` wants; where `fewest` is 0 it need not be called."""
        ...

    @property
    def settings(self) -> dict[str, int]:
        """What may be set for searching, with its value: `{"nprobe": 16}`; more finds more and takes longer."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        ...

    def __len__(self) -> int: ...

    def set(self, name: str, value: int) -> None:
        """Change one of `settings`."""
        ...

    def train(self, vectors: FloatArray) -> None: ...  # (N, D)

    def add(self, vectors: FloatArray) -> None: ...  # (N, D)

    def search(self, queries: FloatArray, k: int) -> Hits: ...  # (Q, D); ids -1 and scores -inf where fewer than k

    def save(self, folder: Path) -> None:
        """Write it as a folder, which appears whole or not at all; `textcl.indexes.open_index` opens it."""
        ...
