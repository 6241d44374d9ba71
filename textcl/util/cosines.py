"""Products and cosines of rows, in float64: each depends on its two rows alone, to the last bit."""

import numpy as np
from numpy.typing import NDArray

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
