"""Pair classification: does the cosine tell pairs that mean the same from pairs that do not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, Metric, SuiteSection, TaskEntry
from textcl.evaluation.task import Swaps, TextPair, Values, Weights
from textcl.evaluation.thresholds import Thresholds, positions_from_top
from textcl.types.batches import Embed
from textcl.util.cosines import Float64Array, pair_cosines


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two texts, and whether they mean the same."""

    first: str
    second: str
    is_same: bool


class PairClassification:
    """Average precision of the cosine, and the best F1 and accuracy that a threshold on it reaches.

    The two thresholds are chosen on the very pairs that are scored, as the field reports them: `f1` and `accuracy`
    are what a threshold could reach at best. `ap` needs none.

    Args:
        name: The task's name in reports.
        pairs: Pairs of both kinds.
    """

    prompt_names = ("PairClassification",)

    def __init__(self, name: str, pairs: Sequence[LabelledPair]) -> None:
        same = sum(pair.is_same for pair in pairs)
        if not 0 < same < len(pairs):
            raise DataError(f"{name}: {same} of {len(pairs)} pairs mean the same; pairs of both kinds are needed.")
        self.name = name
        self.pairs = tuple(pairs)

    def run(self, embed: Embed) -> "PairSample":
        """Embed each distinct text once, as an anchor, and compare the cosines with the labels."""
        cosines = pair_cosines([(pair.first, pair.second) for pair in self.pairs], embed)
        return PairSample(cosines, np.array([pair.is_same for pair in self.pairs]))

    def compared(self) -> list[TextPair]:
        """Return all pairs with their labels, 1 or 0."""
        return [TextPair(pair.first, pair.second, float(pair.is_same)) for pair in self.pairs]


@dataclass(frozen=True, slots=True)
class PairSample:
    """Scores and labels of the same pairs; the metrics are `ap`, `f1`, `accuracy` and the thresholds of the latter two.

    A resample in which no pair means the same has no `ap` and no `f1`: they are NaN.
    """

    scores: Float64Array  # (N,)
    labels: NDArray[np.bool_]  # (N,)
    are_cosines: bool = True  # if they are positions in an order, their thresholds say nothing and are NaN

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.labels)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return each metric for each row of weights (R, N)."""
        cuts = Thresholds.of(self.scores, self.labels, weights)
        same = weights @ self.labels
        f1, f1_threshold = cuts.best_f1(same)
        accuracy, accuracy_threshold = _best_accuracy(cuts, weights.sum(axis=1) - same)
        metrics = {"ap": cuts.average_precision(same), "f1": f1, "accuracy": accuracy}
        thresholds = {"f1_threshold": f1_threshold, "accuracy_threshold": accuracy_threshold}
        return metrics | {name: value if self.are_cosines else value * np.nan for name, value in thresholds.items()}

    def exchanged(self, other: Self, swaps: Swaps) -> tuple[Self, Self]:
        """Return both samples with the pairs at `swaps` (N,) exchanged between them.

        Two models' cosines are on different scales, so a pair takes its place in the order of its own model's cosines
        with it. Before any exchange the positions give the metrics that the cosines give.
        """
        mine, its = (positions_from_top(sample.scores) for sample in (self, other))
        exchanged = np.where(swaps, its, mine), np.where(swaps, mine, its)
        return (
            type(self)(exchanged[0], self.labels, are_cosines=False),
            type(self)(exchanged[1], other.labels, are_cosines=False),
        )


def _best_accuracy(cuts: Thresholds, different: Values) -> tuple[Values, Values]:
    """Return the best accuracy and its threshold, given the weight (R,) of pairs that do not mean the same.

    That no pair is taken to mean the same is a choice too; its threshold is the next number above the highest score.
    """
    total = cuts.taken[:, -1]
    accuracy, threshold = cuts.best((cuts.right + different[:, None] - (cuts.taken - cuts.right)) / total[:, None])
    takes_none = different / total >= accuracy
    highest = cuts.scores[np.argmax(cuts.weights > 0, axis=1)]
    return (
        np.where(takes_none, different / total, accuracy),
        np.where(takes_none, np.nextafter(highest, np.inf), threshold),
    )


class PairsColumns(SuiteSection):
    """The columns of a set of labelled pairs; the label is 1 where both texts mean the same, else 0."""

    first: str = "sentence1"
    second: str = "sentence2"
    label: str = "label"


class PairsEntry(TaskEntry):
    """A set of labelled pairs."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: PairsColumns = PairsColumns()

    def task(self, files: Files) -> PairClassification:
        """Read the pairs."""
        first, second, label = self.columns.first, self.columns.second, self.columns.label
        rows = files.rows(self)
        return PairClassification(
            self.name, [LabelledPair(row.text(first), row.text(second), row.yes_or_no(label)) for row in rows]
        )


KIND = Kind(
    name="pairs",
    entry=PairsEntry,
    takes={"local": "FILE"},
    samples=(PairSample,),
    hub_type="binary-classification",
    hub_metrics=("ap",),
    metrics=dict.fromkeys(("f1_threshold", "accuracy_threshold"), Metric(better="neither", is_share=False)),
)
