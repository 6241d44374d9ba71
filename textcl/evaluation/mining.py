"""Mining pairs from two heaps of sentences by the margin of their cosine over those of their neighbours.

Source:
    Artetxe and Schwenk 2019, Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings, section 3: the
    ratio margin, and the best candidates of both directions together. arXiv:1811.01136
"""

import numpy as np

from textcl.index import FlatIndex
from textcl.types import FloatArray, Hits

_NEIGHBOURS = 4  # as in the paper


def neighbours(queries: FloatArray, candidates: FloatArray) -> Hits:
    """Return the four candidates (M, D) nearest to each query (N, D), or all if they are fewer."""
    index = FlatIndex(candidates.shape[1])
    index.add(candidates)
    return index.search(queries, min(_NEIGHBOURS, len(candidates)))


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


def _best(hits: Hits, others: Hits) -> list[tuple[int, int, float]]:
    """Return for each sentence its neighbour with the best margin."""
    own_mean = hits.scores.mean(axis=1, dtype=np.float64)
    other_mean = others.scores.mean(axis=1, dtype=np.float64)
    mean = (own_mean[:, None] + other_mean[hits.ids]) / 2  # (N, neighbours)
    margins = np.where(mean > 0, hits.scores / np.where(mean > 0, mean, 1.0), -np.inf)
    best = margins.argmax(axis=1)
    rows = np.arange(len(margins))
    found = zip(rows.tolist(), hits.ids[rows, best].tolist(), margins[rows, best].tolist(), strict=True)
    return [(sentence, neighbour, margin) for sentence, neighbour, margin in found if np.isfinite(margin)]


def _swapped(pairs: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    return [(second, first, margin) for first, second, margin in pairs]


def _by_margin(pair: tuple[int, int, float]) -> tuple[float, int, int]:
    return -pair[2], pair[0], pair[1]
