"""Nearest neighbours by cosine."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from textcl.types.batches import FloatArray, IntArray


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
