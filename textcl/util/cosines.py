"""Products and cosines of rows, and of pairs of texts, in float64: each depends on its two sides alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role

Float64Array = NDArray[np.float64]
Floats = NDArray[np.floating]


def row_products(first: Floats, second: Floats) -> Float64Array:
    """Return the dot product of each row with the same row of the other, (N,); of rows of unit length the cosine.

    Args:
        first: (N, D).
        second: (N, D), or one vector (D,) for all rows.
    """
    left, right = first.astype(np.float64), second.astype(np.float64)
    products: Float64Array = np.einsum("nd,nd->n", left, np.broadcast_to(right, left.shape))
    return products


def row_cosines(first: Floats, second: Floats) -> Float64Array:
    """Return the cosine of each row with the same row of the other, (N,); 0 where one of them is zero.

    Args:
        first: (N, D), of any length.
        second: (N, D), or one vector (D,) for all rows.
    """
    norms = np.sqrt(row_products(first, first) * row_products(second.reshape(-1, second.shape[-1]), second))
    cosines: Float64Array = row_products(first, second) / np.where(norms > 0, norms, 1.0)
    return cosines


def pair_cosines(pairs: Sequence[tuple[str, str]], embed: Embed) -> Float64Array:
    """Embed each distinct text once, as an anchor, and return the cosine of each pair, (N,).

    The cosine with a vector of zeros is 0.
    """
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    position = {text: number for number, text in enumerate(texts)}
    vectors = embed(texts, Role.ANCHOR)  # (texts, D)
    return row_cosines(
        vectors[[position[first] for first, _ in pairs]], vectors[[position[second] for _, second in pairs]]
    )


def unit_length(vectors: FloatArray) -> FloatArray:
    """Return vectors (N, D) at length 1; a vector of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return unit
