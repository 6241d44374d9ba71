"""Sequences in memory, for tests of input augmentations."""

import numpy as np

from textcl.types.batches import InputSequence, Kept


def sequence(length: int, features: int = 10) -> InputSequence:
    """A special token 0, a text of so many tokens 1, 2, ..., a special token 0; all of it kept."""
    ids = np.array([0, *range(1, length + 1), 0])
    return InputSequence(ids, ids > 0, Kept(np.ones(length + 2, dtype=np.bool_), np.ones(features, dtype=np.bool_)))
