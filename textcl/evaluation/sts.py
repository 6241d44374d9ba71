"""Semantic textual similarity: does the cosine of two sentences order pairs as people do?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.cosines import pair_cosines
from textcl.evaluation.positives import PositivePair
from textcl.evaluation.subsets import SubsetCorrelations
from textcl.types import Embed

_HIGH = 0.8  # of the scale, from which on two texts count as belonging together


@dataclass(frozen=True, slots=True)
class GradedPair:
    """Two sentences and how alike people found them."""

    first: str
    second: str
    score: float
    subset: str = ""  # of a set that was put together: `MSRpar` in STS12


class STS:
    """Correlation of the cosine of each pair with its gold score, over all pairs of the set at once.

    Pooling all pairs is SentEval's `all`, and what SimCSE and mteb report. Where the pairs come from several subsets,
    as those of a year of SemEval do, the metrics that end in `_mean` and `_wmean` average over the subsets instead.

    Args:
        name: The task's name in reports.
        pairs: At least two graded pairs.
    """

    def __init__(self, name: str, pairs: Sequence[GradedPair]) -> None:
        if len(pairs) < 2:
            raise ValueError(f"{name} has {len(pairs)} pairs; a correlation needs at least two.")
        self.name = name
        self.pairs = tuple(pairs)

    def run(self, embed: Embed) -> CorrelationSample | SubsetCorrelations:
        """Embed each distinct sentence once, as an anchor, and compare the cosines with the gold scores."""
        cosines = pair_cosines([(pair.first, pair.second) for pair in self.pairs], embed)
        gold = np.array([pair.score for pair in self.pairs], dtype=np.float64)
        names, subsets = np.unique([pair.subset for pair in self.pairs], return_inverse=True)
        return CorrelationSample(cosines, gold) if len(names) == 1 else SubsetCorrelations(cosines, gold, subsets)

    def positives(self) -> list[PositivePair]:
        """Return the pairs whose score lies in the highest fifth of the scale that the set uses."""
        scores = [pair.score for pair in self.pairs]
        limit = min(scores) + _HIGH * (max(scores) - min(scores))
        return [PositivePair(pair.first, pair.second) for pair in self.pairs if pair.score >= limit]
