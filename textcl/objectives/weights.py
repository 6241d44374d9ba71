"""Weights of the terms that a loss adds up."""

from collections.abc import Sequence


def weights_of(count: int, weights: Sequence[float] | None) -> tuple[float, ...]:
    """Return the weights of terms; None: 1 each.

    Raises:
        ValueError: There are more or fewer weights than terms, or one is not above 0.
    """
    found = (1.0,) * count if weights is None else tuple(weights)
    if len(found) != count or not all(weight > 0 for weight in found):
        raise ValueError(f"weights: found {list(found)}, but there must be {count} numbers above 0, one for each term.")
    return found
