"""Vectors on a plane: t-SNE from scikit-learn, the layout of a second model begun from that of the first.

Source:
    van der Maaten & Hinton 2008, Visualizing Data using t-SNE. JMLR 9
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcl.types import FloatArray

_ROUNDS = 500  # of gradient descent
_PERPLEXITY = 20.0  # neighbours that count
FEWEST = 8  # texts worth a map
Plane = NDArray[np.float64]
Layout = tuple[tuple[float, float], ...]


def layouts(models: Sequence[FloatArray], seed: int) -> tuple[Layout, ...]:
    """Lay the same texts out for each model.

    Args:
        models: Vectors of unit length of the same N texts, (N, D) for each model.
        seed: Decides what is left to chance.

    Returns:
        For each model a place for each text, 0–1 each way; nothing where there are too few texts or no plane.
    """
    placed: list[Layout] = []
    start: Plane | None = None
    for vectors in models:
        if len(vectors) < FEWEST or vectors.shape[1] < 2:
            return ()
        start = _tsne(vectors, start, seed)
        placed.append(_framed(start))
    return tuple(placed)


def _tsne(vectors: FloatArray, start: Plane | None, seed: int) -> Plane:
    """Return places, (N, 2). A start of tiny spread is what t-SNE wants."""
    from sklearn.manifold import TSNE  # slow to import, and needed by pages only

    places = _main_axes(vectors) if start is None else start
    init = (places / max(float(places[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    tsne = TSNE(n_components=2, init=init, perplexity=perplexity, max_iter=_ROUNDS, random_state=seed % 2**32)
    return np.asarray(tsne.fit_transform(vectors), dtype=np.float64)


def _main_axes(vectors: FloatArray) -> Plane:
    """Return the first two principal components, (N, 2), their signs fixed."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(2), np.abs(right[:2]).argmax(axis=1)])
    axes: Plane = left[:, :2] * sizes[:2] * signs
    return axes


def _framed(places: Plane) -> Layout:
    low, high = places.min(axis=0), places.max(axis=0)
    unit = (places - low) / np.where(high > low, high - low, 1.0)
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in unit)
