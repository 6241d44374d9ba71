"""Cosines of pairs of texts."""

from collections.abc import Sequence

import numpy as np

from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role
from textcl.util.cosines import Float64Array, row_cosines


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
