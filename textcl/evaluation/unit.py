"""Vectors at unit length."""

import numpy as np

from textcl.types import FloatArray


def unit_length(vectors: FloatArray) -> FloatArray:
    """Return vectors (N, D) at length 1; a vector of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return unit
