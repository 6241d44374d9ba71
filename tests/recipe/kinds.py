"""Components of a user's own, for the recipes of tests to name."""

import random
from enum import StrEnum
from pathlib import Path

from torch import Tensor

from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Augmentation, Example, Source


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class Wrapped(Objective):
    """An objective around another, as Matryoshka will be."""

    def __init__(self, objective: Objective, widths: tuple[int, ...] = (8, 4), side: Side = Side.LEFT) -> None:
        super().__init__()
        self.objective, self.widths, self.side = objective, widths, side

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        loss: Tensor = self.objective(batch)
        return loss


class Pieces(Source):
    """A source of two rows."""

    fingerprint = "two"

    def __init__(self, folder: Path, limit: int | None = None, weights: list[float] | str = "even") -> None:
        if limit == 0:
            raise ValueError("limit: found 0, but it must be above 0.")
        self.folder, self.limit, self.weights = folder, limit, weights

    def __len__(self) -> int:
        return 2

    def __getitem__(self, row: int) -> Example:
        return Example(row, f"text {row}")

    def location(self, row: int) -> str:
        return f"piece {row}"


class Shout(Augmentation):
    def __call__(self, text: str, rng: random.Random) -> str:
        return text.upper()


class NoSource:
    pass


class Callable:  # as many classes of many packages are, and none of them is an augmentation
    def __call__(self, text: str, rng: random.Random) -> str:
        return text


class Idle(Augmentation):
    """Names the base, and changes nothing."""


def no_class() -> None: ...
