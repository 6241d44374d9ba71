"""Geometry: how the embeddings of a set of texts lie in space, whatever they are used for.

Letters: `R` rows of weights, `N` items, `T` distinct texts, `P` pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, Metric, SuiteSection, TaskEntry
from textcl.evaluation.task import TextPair, Values, Weights
from textcl.files.rows import ColumnError, Row
from textcl.types.batches import Embed, FloatArray, IntArray
from textcl.types.text import Role
from textcl.util.cosines import Float64Array, unit_length
from textcl.util.seeds import derive


@dataclass(frozen=True, slots=True)
class GeometrySample:
    """What was measured of distinct texts and of positive pairs.

    Items are the pairs and then the texts that are in no pair. An item brings one text; a text counts as often as its
    items do on average, and drawn twice it is no pair with itself. Two things do not follow a resample: who is among
    whose neighbours stays as it is among all texts, and the effective rank has no bounds, because a resample lacks
    directions and says nothing of the whole.
    """

    distances: Float64Array  # squared, of the two sides of each pair, (P,)
    text_of_item: IntArray  # (N,): each of 0 … T-1 at least once
    unit: FloatArray  # vectors of the texts, (T, D)
    nearness: FloatArray  # exp(-2 d²) of each two texts, 0 on the diagonal, (T, T)
    occurrences: IntArray  # of each text among the neighbours of others, (T,)
    effective_rank: float

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.text_of_item)

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return every measure for each row of weights (R, N); `alignment` only where there are pairs."""
        measures = self._of_texts(self._text_weights(weights))
        is_even = weights.min(axis=1) == weights.max(axis=1)
        measures["effective_rank"] = np.where(is_even, self.effective_rank, np.nan)
        if not len(self.distances):
            return measures
        paired = weights[:, : len(self.distances)]
        return {"alignment": _ratio(paired @ self.distances, paired.sum(axis=1))} | measures

    def _of_texts(self, weights: Weights) -> dict[str, Values]:
        """Return the measures of the texts under their weights (R, T)."""
        own = (weights**2).sum(axis=1)
        pairs = weights.sum(axis=1) ** 2 - own  # ordered pairs of different texts, (R,)
        near = ((weights.astype(np.float32) @ self.nearness) * weights).sum(axis=1)
        cosines = ((weights @ self.unit) ** 2).sum(axis=1) - weights**2 @ (self.unit**2).sum(axis=1)
        return {
            "uniformity": np.log(_ratio(near, pairs)),
            "mean_cosine": _ratio(cosines, pairs),
            "hubness": weighted_skewness(self.occurrences, weights),
            "antihubs": _ratio(weights @ (self.occurrences == 0), weights.sum(axis=1)),
        }

    def _text_weights(self, weights: Weights) -> Weights:
        """Return the mean weight of each text's items, (R, T)."""
        order = np.argsort(self.text_of_item, kind="stable")
        starts = np.searchsorted(self.text_of_item[order], np.arange(len(self.unit)))
        sums: Weights = np.add.reduceat(weights[:, order], starts, axis=1)
        return sums / np.bincount(self.text_of_item)


def weighted_skewness(values: IntArray, weights: Weights) -> Values:
    """Return the skewness (third standardised moment, biased) of values (T,) for each row of weights (R, T).

    It is NaN where all values are one.
    """
    totals = weights.sum(axis=1)
    deviations = values - _ratio(weights @ values, totals)[:, None]  # (R, T)
    second = _ratio((weights * deviations**2).sum(axis=1), totals)
    third = _ratio((weights * deviations**3).sum(axis=1), totals)
    return _ratio(third, second**1.5)


def _ratio(above: Values, below: Values) -> Values:
    """Divide; NaN where nothing is below."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


NEIGHBOURS = 10
TEXTS = 4096  # distinct ones that are measured, at most; pairs at most half as many
_SEED = 17


class Geometry:
    """Alignment of positive pairs; uniformity, mean cosine, effective rank and hubness of distinct texts.

    - `alignment`: mean squared distance of the two sides of a pair, 0 to 4; lower is closer.
    - `uniformity`: log mean exp(-2 d²) over different texts, d their distance; 0 when all are equal, lower is evener.
    - `mean_cosine`: over different texts; near 1 when all point one way.
    - `effective_rank`: how many dimensions the vectors use, 1 to D.
    - `hubness`: skewness of how often a text is among the ten nearest of others; 0 without hubs.
    - `antihubs`: the share of texts that are among nobody's ten nearest: a search for like texts never finds them.

    The same definitions as of the monitor's readings during training. Hubness and effective rank depend on the number
    of texts, so compare models on one set only. The texts are the first sides of the pairs and those given alone,
    embedded as anchors; the second sides are embedded as positives. Of more than 4,096 texts or 2,048 pairs so many are
    drawn, the same for every model.

    Args:
        name: The task's name in reports.
        pairs: Positive pairs; may be none.
        texts: Texts that stand alone; may be none where the pairs have more than ten first sides.

    Source:
        Wang and Isola 2020, Alignment and Uniformity on the Hypersphere. arXiv:2005.10242
        Roy and Vetterli 2007, The Effective Rank. EUSIPCO
        Radovanović, Nanopoulos and Ivanović 2010, Hubs in Space. JMLR 11
    """

    def __init__(self, name: str, pairs: Sequence[tuple[str, str]], texts: Sequence[str]) -> None:
        self.name = name
        distinct = list(dict.fromkeys(pairs))
        self.pairs = [distinct[number] for number in _drawn(len(distinct), TEXTS // 2, "pairs")]
        firsts = dict.fromkeys(first for first, _ in self.pairs)
        alone = [text for text in dict.fromkeys(texts) if text not in firsts]
        self.texts = [*firsts, *(alone[number] for number in _drawn(len(alone), TEXTS - len(firsts), "texts"))]
        if len(self.texts) <= NEIGHBOURS + 1:
            raise DataError(
                f"{name}: {len(self.texts)} different texts; the ten nearest of each mean something from twelve texts "
                "on, better some thousands."
            )

    def run(self, embed: Embed) -> GeometrySample:
        """Embed each text, and each pair's second side, and measure."""
        unit = unit_length(embed(self.texts, Role.ANCHOR))  # (T, D)
        position = {text: number for number, text in enumerate(self.texts)}
        firsts = np.array([position[first] for first, _ in self.pairs], dtype=np.int64)
        alone = np.setdiff1d(np.arange(len(self.texts)), firsts)
        distances = np.zeros(0)
        if self.pairs:
            seconds = unit_length(embed([second for _, second in self.pairs], Role.POSITIVE))
            distances = ((unit[firsts].astype(np.float64) - seconds) ** 2).sum(axis=1)
        cosines = unit @ unit.T  # (T, T)
        nearness = np.exp(4 * cosines - 4)  # d² = 2 - 2 cos
        np.fill_diagonal(nearness, 0)
        items = np.concatenate([firsts, alone])
        return GeometrySample(distances, items, unit, nearness, occurrences(cosines), effective_rank(unit))

    def compared(self) -> list[TextPair]:
        """Return the positive pairs."""
        return [TextPair(first, second, None) for first, second in self.pairs]


def occurrences(cosines: FloatArray, neighbours: int = NEIGHBOURS) -> IntArray:
    """Count how often each text is among the nearest of the others, (T,), of the cosines of all with all (T, T)."""
    others = cosines.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argpartition(-others, neighbours - 1, axis=1)[:, :neighbours]
    return np.bincount(nearest.ravel(), minlength=len(cosines)).astype(np.int64)


def effective_rank(unit: FloatArray) -> float:
    """Return the exponential of the entropy of the singular values of vectors (T, D)."""
    rows = unit.astype(np.float64)
    values = np.sqrt(np.clip(np.linalg.eigvalsh(rows.T @ rows), 0, None))
    shares = values / max(values.sum(), 1e-12)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _drawn(count: int, most: int, what: str) -> list[int]:
    """Return which of so many items are measured: all, or a random part in their order."""
    if count <= most:
        return list(range(count))
    rng = np.random.default_rng(derive(_SEED, "geometry", what))
    return sorted(rng.choice(count, size=most, replace=False).tolist())


class GeometryColumns(SuiteSection):
    """The columns of a set of texts or pairs: a row without `text` is a pair."""

    text: str = "text"
    first: str = "anchor"
    second: str = "positive"


class Graded(SuiteSection):
    """Which of graded pairs are positive."""

    column: str = "score"
    least: float  # the score from which on a pair is positive


class GeometryEntry(TaskEntry):
    """A set of pairs, of texts, or of both."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: GeometryColumns = GeometryColumns()
    graded: Graded | None = None  # null: all pairs are positive; else both sides of all are texts to measure

    def task(self, files: Files) -> Geometry:
        """Read pairs and texts."""
        pairs, texts = [], []
        for row in files.rows(self):
            if self.columns.text in row.fields:
                texts.append(row.text(self.columns.text))
                continue
            pair = self._pair(row)
            if self.graded is not None:
                texts.extend(pair)
            if self.graded is None or row.number(self.graded.column) >= self.graded.least:
                pairs.append(pair)
        return Geometry(self.name, pairs, texts)

    def _pair(self, row: Row) -> tuple[str, str]:
        text, first, second = self.columns.text, self.columns.first, self.columns.second
        if first not in row.fields:
            raise ColumnError(
                f"{row.location}: no column '{text}' for a text, nor '{first}' for the first of a pair; there are "
                f"{', '.join(map(str, row.fields))}.",
                text,
            )
        return row.text(first), row.text(second)


KIND = Kind(
    name="geometry",
    entry=GeometryEntry,
    takes={"local": "FILE"},
    samples=(),  # it holds a matrix of all texts with all texts
    hub_type="sentence-similarity",
    metrics={
        "alignment": Metric(better="lower", is_share=False),
        "uniformity": Metric(better="lower", is_share=False),
        "mean_cosine": Metric(better="lower"),
        "effective_rank": Metric(better="neither", is_share=False),
        "hubness": Metric(better="lower", is_share=False),
        "antihubs": Metric(better="lower"),
    },
)
