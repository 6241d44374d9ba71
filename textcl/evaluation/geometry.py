"""Geometry: how the embeddings of a set of texts lie in space, whatever they are used for."""

from collections.abc import Sequence

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.geometry_sample import GeometrySample
from textcl.evaluation.unit import unit_length
from textcl.seeds import derive
from textcl.types import Embed, FloatArray, IntArray, Role

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
