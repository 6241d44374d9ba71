"""Semantic textual similarity: do the cosines of pairs agree with how alike people found them?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.correlation import CorrelationSample, SubsetCorrelations
from textcl.evaluation.kind import Files, Hub, Kind, SuiteSection, TaskEntry
from textcl.evaluation.task import PositivePair, TextPair
from textcl.files.rows import Row
from textcl.types.batches import Embed
from textcl.util.cosines import pair_cosines

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

    prompt_names = ("STS",)

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

    def compared(self) -> list[TextPair]:
        """Return all pairs with their scores."""
        return [TextPair(pair.first, pair.second, pair.score) for pair in self.pairs]


class STSColumns(SuiteSection):
    """The columns of a set of graded pairs."""

    first: str = "sentence1"
    second: str = "sentence2"
    score: str = "score"
    subset: str = "subset"  # which part of the set a pair belongs to


class STSEntry(TaskEntry):
    """A set of graded pairs."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: STSColumns = STSColumns()
    ends: str | None = None  # digest of the first and last pair: guards a cut that the Hub does not name

    def task(self, files: Files) -> STS:
        """Read the pairs and check that they are the set that is meant."""
        pairs = [self._pair(row) for row in files.rows(self)]
        if len(pairs) < 2:
            raise DataError(f"{self.name}: {len(pairs)} pairs; a correlation needs at least two.")
        if len({pair.score for pair in pairs}) == 1:
            raise DataError(f"{self.name}: all {len(pairs)} pairs have one score; a correlation needs at least two.")
        if self.ends is not None and ends_digest(pairs) != self.ends:
            raise DataError(
                f"{self.name}: the {len(pairs)} pairs read are not the set that this suite means: "
                "the first and the last differ. "
                "Name a folder that holds the right file with --data-dir."
            )
        return STS(self.name, pairs)

    def _pair(self, row: Row) -> GradedPair:
        columns = self.columns
        subset = row.words(columns.subset) if columns.subset in row.fields else ""
        return GradedPair(row.text(columns.first), row.text(columns.second), row.number(columns.score), subset)


def ends_digest(pairs: Sequence[GradedPair]) -> str:
    """Return a digest of the texts of the first and the last pair, case and white space aside."""
    ends = (pairs[0].first, pairs[0].second, pairs[-1].first, pairs[-1].second)
    folded = "\n".join(" ".join(text.casefold().split()) for text in ends)
    return hashlib.sha256(folded.encode()).hexdigest()[:16]


KIND = Kind(
    name="sts",
    entry=STSEntry,
    takes={"local": "FILE"},
    samples=(CorrelationSample, SubsetCorrelations),
    hub_type="semantic-similarity",
    hub_metrics=("spearman", "pearson"),
)
