"""Semantic textual similarity: does the cosine of two sentences order pairs as people do?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.cosines import pair_cosines
from textcl.types import Embed


@dataclass(frozen=True, slots=True)
class GradedPair:
    """Two sentences and how alike people found them."""

    first: str
    second: str
    score: float


class STS:
    """Correlation of the cosine of each pair with its gold score, over all pairs of the set at once.

    Pooling all pairs is what SimCSE and mteb report; averaging over the subsets of a year gives other numbers.

    Args:
        name: The task's name in reports.
        pairs: At least two graded pairs.
    """

    def __init__(self, name: str, pairs: Sequence[GradedPair]) -> None:
        if len(pairs) < 2:
            raise ValueError(f"{name} has {len(pairs)} pairs; a correlation needs at least two.")
        self.name = name
        self.pairs = tuple(pairs)

    def run(self, embed: Embed) -> CorrelationSample:
        """Embed each distinct sentence once, as an anchor, and compare the cosines with the gold scores."""
        cosines = pair_cosines([(pair.first, pair.second) for pair in self.pairs], embed)
        gold = np.array([pair.score for pair in self.pairs], dtype=np.float64)
        return CorrelationSample(cosines, gold)
