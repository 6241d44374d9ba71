"""How much of a run each of several sources gets, and how their turns are spread. Nothing here is random."""

from collections.abc import Sequence

import numpy as np

from textcl.types import FloatArray, IntArray


def shares_of(sizes: Sequence[int], weights: Sequence[float] | None, temperature: float = 1.0) -> tuple[float, ...]:
    """Return the fraction of all drawn rows that each source gets; together they are 1.

    Args:
        sizes: Rows of each source.
        weights: Of each source, above 0; None: by temperature.
        temperature: The shares go with size^(1 / temperature): at 1 by size, at 2 by the root of it, so that small
            sources get more than their part; the higher, the more alike.

    Source:
        Arivazhagan et al. 2019, Massively Multilingual Neural Machine Translation in the Wild, section 4.2.
        arXiv:1907.05019
    """
    parts = [size ** (1 / temperature) for size in sizes] if weights is None else list(weights)
    return tuple(part / sum(parts) for part in parts)


def apportioned(total: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Cut a number of rows into whole parts by shares, each less than a row from its own: by largest remainder."""
    exact = np.array(shares) * total
    parts = np.floor(exact).astype(np.int64)
    remainders = exact - parts
    parts[np.argsort(-remainders, kind="stable")[: total - int(parts.sum())]] += 1
    return tuple(parts.tolist())


def interleaved(counts: Sequence[int]) -> IntArray:
    """Spread the turns of several sources evenly: the k-th of n stands (k - 1/2) / n of the way.

    After any number of turns each of S sources has had its part of them to within 1/2 + (S - 2) / 2 times its share:
    half a turn for two.

    Args:
        counts: Turns of each source.

    Returns:
        The number of the source of each turn, (N,).
    """
    places: FloatArray = np.concatenate([(np.arange(count) + 0.5) / max(count, 1) for count in counts])
    owners = np.repeat(np.arange(len(counts)), counts)
    return owners[np.argsort(places, kind="stable")]
