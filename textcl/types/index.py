"""Nearest neighbours by cosine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from textcl.types.arrays import FloatArray, IntArray


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
        """Write it as a folder, which appears whole or not at all; `textcl.index.open_index` opens it."""
        ...
