"""A digest of rows: two sources with one fingerprint train the same model."""

import hashlib
from collections.abc import Iterable

from textcl.types import Example


def fingerprint_of(examples: Iterable[Example]) -> str:
    """Digest the texts, scores and labels of rows in their order, as 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for example in examples:
        row = (example.anchor, example.positives, example.negatives, example.score, example.label)
        digest.update(repr(row).encode())
    return digest.hexdigest()
