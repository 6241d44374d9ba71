"""Which negatives are wanted: how many, from which ranks, within which bounds."""

import math
from dataclasses import dataclass, field
from typing import Literal

Sampling = Literal["top", "random"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a candidate's score must lie to be taken for a negative; None: anywhere.

    Margins are measured from the query's lowest positive, so what is kept lies below all of its positives.

    Args:
        max_score: The highest score.
        min_score: The lowest score.
        absolute_margin: How far below the positive, in units of the score.
        relative_margin: How far below the positive, as a fraction of the size of its score. So 0.05 asks for at most
            0.76 where the positive has 0.8, and for at most -0.84 where it has -0.8.
    """

    max_score: float | None = None
    min_score: float | None = None
    absolute_margin: float | None = None
    relative_margin: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_score", "min_score", "absolute_margin", "relative_margin"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; it must be a finite number.")
        if self.max_score is not None and self.min_score is not None and self.max_score < self.min_score:
            raise ValueError(f"max_score {self.max_score} is below min_score {self.min_score}; nothing lies between.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is mined for each query.

    The candidates of a query are all texts but its known positives, its own text, rows of its label, and texts that
    differ from one of these, or from another candidate, in spelling alone. Of its `last` nearest candidates those out
    of bounds go; of the others the `first` hardest are passed over, and the negatives are taken from the rest.

    Args:
        negatives: Negatives of each query, at most.
        first: Candidates that are passed over, as they may be positives that nobody noted.
        last: Candidates that are looked at.
        bounds: On their scores.
        sampling: top takes the hardest, random any.
        close: A candidate is no negative when its cosine with a positive of the query is above this; None: any may be.
        seed: Decides what random sampling takes.
    """

    negatives: int = 5
    first: int = 10
    last: int = 100
    bounds: Bounds = field(default_factory=Bounds)
    sampling: Sampling = "top"
    close: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.negatives < 1:
            raise ValueError(f"negatives is {self.negatives}; ask for at least one.")
        if not 0 <= self.first < self.last:
            raise ValueError(f"the range {self.first}:{self.last} holds no rank; it must rise, from 0 or above.")
        if self.negatives > self.last - self.first:
            raise ValueError(
                f"{self.negatives} negatives can not come from the {self.last - self.first} ranks of the range "
                f"{self.first}:{self.last}. Ask for fewer, or widen the range."
            )
