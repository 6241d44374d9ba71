"""Vectors that lie in clusters, as embeddings do, and are not of unit length."""

import numpy as np

from textcl.types.batches import FloatArray


def clustered(rows: int, dimension: int = 32, seed: int = 0, clusters: int = 40) -> FloatArray:
    """Draw vectors around centres that all seeds share."""
    centres = np.random.default_rng(99).normal(size=(clusters, dimension))
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(clusters, size=rows)] + 0.5 * rng.normal(size=(rows, dimension))
    return (vectors * rng.uniform(0.5, 2, size=(rows, 1))).astype(np.float32)


def brute_force(vectors: FloatArray, queries: FloatArray, k: int) -> np.ndarray:
    """The ids of the nearest by cosine, in float64; equal cosines by rising id."""
    left, right = queries.astype(np.float64), vectors.astype(np.float64)
    cosines = (left @ right.T) / np.linalg.norm(left, axis=1)[:, None] / np.linalg.norm(right, axis=1)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]
