"""Which texts are the same text: such texts must never be each other's negatives."""

import hashlib
from collections.abc import Iterable

import numpy as np

from textcl.types import IntArray


def identities(texts: Iterable[str]) -> IntArray:
    """Number texts so that equal numbers are equal texts, white space and case aside.

    The number is a 64-bit digest of the folded text: two different texts share one with a chance of N²/2⁶⁵.

    Returns:
        (N,) int64.
    """
    folded = (" ".join(text.split()).casefold() for text in texts)
    return np.fromiter(map(number_of, folded), dtype=np.int64)


def number_of(text: str) -> int:
    """Return the number of a text, as it is spelt: 64 bits of its digest, signed."""
    raw = text.encode(errors="surrogatepass")  # half a pair, as JSON may hold, is refused where it would be trained on
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big", signed=True)
