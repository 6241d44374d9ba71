"""Vectors with neighbours: clusters, as texts have topics."""

from pathlib import Path

import numpy as np

from textcl.benchmark.measure import Setup
from textcl.types.batches import FloatArray


def clustered(rows: int, dimension: int, seed: int = 1) -> FloatArray:
    """Return unit vectors (rows, D) around 40 centres."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, dimension))
    vectors = centres[rng.integers(40, size=rows)] + rng.standard_normal((rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def setup_in(folder: Path, rows: int = 3000, queries: int = 50, dimension: int = 32, k: int = 10) -> Setup:
    """Return a setup whose queries are its first rows."""
    vectors = clustered(rows, dimension)
    np.save(folder / "vectors.npy", vectors)
    return Setup(folder / "vectors.npy", vectors[:queries], np.arange(queries), k, 16, seconds=0.01)
