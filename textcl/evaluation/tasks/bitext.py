"""Bitext mining: does a sentence find its translation, and could the pairs be found without knowing them?

Pairs are mined from two sets of sentences by the margin of their cosine over those of their neighbours.

Source:
    Artetxe and Schwenk 2019, Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings, section 3: the
    ratio margin, and the best candidates of both directions together. arXiv:1811.01136
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, Metric, SuiteSection, TaskEntry
from textcl.evaluation.task import Swaps, TextPair, Values, Weights
from textcl.evaluation.thresholds import Thresholds, positions_from_top
from textcl.indexes.exact import FlatIndex
from textcl.types.batches import Embed, FloatArray
from textcl.types.protocols import Hits
from textcl.types.text import Role
from textcl.util.cosines import Float64Array

NEIGHBOURS = 4  # as in the paper


def neighbours(queries: FloatArray, candidates: FloatArray, count: int = NEIGHBOURS) -> Hits:
    """Return the four candidates (M, D) nearest to each query (N, D), or another number; all if they are fewer."""
    index = FlatIndex(candidates.shape[1])
    index.add(candidates)
    return index.search(queries, min(count, len(candidates)))


def mined_pairs(forward: Hits, backward: Hits) -> list[tuple[int, int, float]]:
    """Pair up sentences: the best margin first, each sentence once.

    The margin of two sentences is their cosine divided by the mean of both sentences' mean cosine with their own
    neighbours. Where that mean is not above zero there is no margin, and no pair.

    Args:
        forward: Neighbours of each first sentence among the second ones.
        backward: Neighbours of each second sentence among the first ones.

    Returns:
        First sentence, second sentence, margin; the best first.
    """
    candidates = sorted({*_best(forward, backward), *_swapped(_best(backward, forward))}, key=_by_margin)
    pairs: list[tuple[int, int, float]] = []
    used_first: set[int] = set()
    used_second: set[int] = set()
    for first, second, margin in candidates:
        if first not in used_first and second not in used_second:
            pairs.append((first, second, margin))
            used_first.add(first)
            used_second.add(second)
    return pairs


def margins(hits: Hits, others: Hits) -> Float64Array:
    """Return the margin of each sentence with each of its neighbours, (N, neighbours); minus infinity: none.

    Args:
        hits: The neighbours of N sentences among M others.
        others: The neighbours of those M.
    """
    own_mean = hits.scores.mean(axis=1, dtype=np.float64)
    other_mean = others.scores.mean(axis=1, dtype=np.float64)
    mean = (own_mean[:, None] + other_mean[hits.ids]) / 2  # (N, neighbours)
    return np.where(mean > 0, hits.scores / np.where(mean > 0, mean, 1.0), -np.inf)


def _best(hits: Hits, others: Hits) -> list[tuple[int, int, float]]:
    """Return for each sentence its neighbour with the best margin."""
    of_hits = margins(hits, others)
    best = of_hits.argmax(axis=1)
    rows = np.arange(len(of_hits))
    found = zip(rows.tolist(), hits.ids[rows, best].tolist(), of_hits[rows, best].tolist(), strict=True)
    return [(sentence, neighbour, margin) for sentence, neighbour, margin in found if np.isfinite(margin)]


def _swapped(pairs: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    return [(second, first, margin) for first, second, margin in pairs]


def _by_margin(pair: tuple[int, int, float]) -> tuple[float, int, int]:
    return -pair[2], pair[0], pair[1]


class Bitext:
    """Accuracy of the nearest neighbour both ways, and the F1 of mining by margin.

    Accuracy asks for each pair whether the sentence nearest to one side is the other side. F1 knows no pairs: it mines
    some from the two sets of sentences (`mined_pairs`), keeps those above a threshold and compares them with the pairs.
    BUCC chooses the threshold on training pairs; here it is chosen on the very pairs that are scored, so `f1` is what a
    threshold could reach at best. As every sentence has a translation in such a set, which in a real corpus it has not,
    F1 is not to be compared with BUCC's figures.

    First sentences are embedded as anchors, second ones as positives, so that each of two towers gets its own language.
    A pair that stands there twice counts once.

    Args:
        name: The task's name in reports.
        pairs: Sentences and their translations, at least two.
    """

    prompt_names = ("BitextMining",)

    def __init__(self, name: str, pairs: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.pairs = tuple(dict.fromkeys(pairs))
        if len(self.pairs) < 2:
            raise DataError(f"{name}: {len(self.pairs)} distinct pairs; mining needs at least two.")

    def run(self, embed: Embed) -> "BitextSample":
        """Embed each distinct sentence of a side once, search both ways, and mine."""
        firsts = {text: position for position, text in enumerate(dict.fromkeys(first for first, _ in self.pairs))}
        seconds = {text: position for position, text in enumerate(dict.fromkeys(second for _, second in self.pairs))}
        first_vectors, second_vectors = embed(list(firsts), Role.ANCHOR), embed(list(seconds), Role.POSITIVE)
        forward = neighbours(first_vectors, second_vectors)
        backward = neighbours(second_vectors, first_vectors)
        gold = [(firsts[first], seconds[second]) for first, second in self.pairs]
        margins, is_right = _outcomes(gold, mined_pairs(forward, backward))
        return BitextSample(
            forward=np.array([forward.ids[first, 0] == second for first, second in gold], dtype=np.float64),
            backward=np.array([backward.ids[second, 0] == first for first, second in gold], dtype=np.float64),
            margins=margins,
            is_right=is_right,
        )

    def compared(self) -> list[TextPair]:
        """Return all pairs."""
        return [TextPair(first, second, None) for first, second in self.pairs]


@dataclass(frozen=True, slots=True)
class BitextSample:
    """The outcome for each pair: found from either side, and what was mined for its first sentence.

    The metrics are `accuracy` (the mean of both ways), `accuracy_forward`, `accuracy_backward`, `f1` and `f1_threshold`
    (of the margin). A resample counts pairs anew, but their neighbours are those among all sentences.
    """

    forward: Float64Array  # (N,) 1 where the second sentence is nearest to the first
    backward: Float64Array  # (N,) 1 where the first is nearest to the second
    margins: Float64Array  # (N,) of the mined pair; minus infinity where nothing was mined
    is_right: NDArray[np.bool_]  # (N,) whether the mined pair is this one
    are_margins: bool = True  # if they are positions in an order, their threshold says nothing and is NaN

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.forward)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return each metric for each row of weights (R, N)."""
        total = weights.sum(axis=1)
        forward, backward = weights @ self.forward / total, weights @ self.backward / total
        mined = np.isfinite(self.margins)
        f1, threshold = np.zeros(len(total)), np.full(len(total), np.nan)
        if mined.any():
            f1, threshold = Thresholds.of(self.margins[mined], self.is_right[mined], weights[:, mined]).best_f1(total)
        return {
            "accuracy": (forward + backward) / 2,
            "accuracy_forward": forward,
            "accuracy_backward": backward,
            "f1": f1,
            "f1_threshold": threshold if self.are_margins else threshold * np.nan,
        }

    def exchanged(self, other: Self, swaps: Swaps) -> tuple[Self, Self]:
        """Return both samples with the pairs at `swaps` (N,) exchanged between them.

        A mined pair takes its place in the order of its own model's margins with it, since two models' margins are on
        different scales. Before any exchange the positions give the F1 that the margins give.
        """
        return self._mixed(other, swaps), other._mixed(self, swaps)

    def _mixed(self, other: Self, swaps: Swaps) -> Self:
        return type(self)(
            forward=np.where(swaps, other.forward, self.forward),
            backward=np.where(swaps, other.backward, self.backward),
            margins=np.where(swaps, positions_from_top(other.margins), positions_from_top(self.margins)),
            is_right=np.where(swaps, other.is_right, self.is_right),
            are_margins=False,
        )


def _outcomes(
    gold: Sequence[tuple[int, int]], mined: Sequence[tuple[int, int, float]]
) -> tuple[Float64Array, NDArray[np.bool_]]:
    """Assign each mined pair to the gold pair that it is, or else to one with its first sentence.

    A first sentence may have several translations, but is mined once: it counts for one of its pairs alone.
    """
    of_pair = {pair: row for row, pair in enumerate(gold)}
    of_first = {first: row for row, (first, _) in reversed(list(enumerate(gold)))}
    margins, is_right = np.full(len(gold), -np.inf), np.zeros(len(gold), dtype=np.bool_)
    for first, second, margin in mined:
        row = of_pair.get((first, second), of_first[first])
        margins[row], is_right[row] = margin, (first, second) in of_pair
    return margins, is_right


class BitextColumns(SuiteSection):
    """The columns of a set of translations."""

    first: str = "sentence1"
    second: str = "sentence2"


class BitextEntry(TaskEntry):
    """A set of sentences with their translations."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: BitextColumns = BitextColumns()

    def task(self, files: Files) -> Bitext:
        """Read the pairs."""
        rows = files.rows(self)
        return Bitext(self.name, [(row.text(self.columns.first), row.text(self.columns.second)) for row in rows])


KIND = Kind(
    name="bitext",
    entry=BitextEntry,
    takes={"local": "FILE"},
    samples=(BitextSample,),
    hub_type="translation",
    hub_metrics=("accuracy_forward",),
    metrics={"f1_threshold": Metric(better="neither", is_share=False)},
)
