"""Semantic textual similarity: does the cosine of two sentences order pairs as people do?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.exchanging import Doubles
from textcl.evaluation.subsets import SubsetCorrelations
from textcl.types import Embed, FloatArray, Role


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
        texts = list(dict.fromkeys(text for pair in self.pairs for text in (pair.first, pair.second)))
        position = {text: number for number, text in enumerate(texts)}
        vectors = embed(texts, Role.ANCHOR)  # (texts, D)
        first = vectors[[position[pair.first] for pair in self.pairs]]
        second = vectors[[position[pair.second] for pair in self.pairs]]
        gold = np.array([pair.score for pair in self.pairs], dtype=np.float64)
        cosines = _cosines(first, second)
        names, subsets = np.unique([pair.subset for pair in self.pairs], return_inverse=True)
        return CorrelationSample(cosines, gold) if len(names) == 1 else SubsetCorrelations(cosines, gold, subsets)


def _cosines(first: FloatArray, second: FloatArray) -> Doubles:
    """Cosine of each row of one with the same row of the other, (N,); 0 where a vector is zero."""
    norms = np.sqrt(_products(first, first) * _products(second, second))
    cosines: Doubles = _products(first, second) / np.where(norms > 0, norms, 1.0)
    return cosines


def _products(first: FloatArray, second: FloatArray) -> Doubles:
    products: Doubles = np.einsum("nd,nd->n", first, second, dtype=np.float64)
    return products
