"""Pass the sequences of a view through its input augmentations, each sequence on its own."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from textcl.types import InputAugmentation, InputSequence, Kept, Tokens


def change_inputs(tokens: Tokens, augmentations: Sequence[InputAugmentation], seeds: Iterable[int]) -> Tokens:
    """Return the sequences as the augmentations, in order, make them.

    Args:
        tokens: N sequences with all kept.
        augmentations: What a view lists under `input`.
        seeds: What the draws of each sequence follow from, N.
    """
    if not augmentations:
        return tokens
    changed = []
    for row, seed in enumerate(seeds):
        sequence, rng = _whole(tokens, row), random.Random(seed)
        for augmentation in augmentations:
            sequence = augmentation.change(sequence, rng)
        changed.append(sequence)
    kept = tuple(_or_none(sequence.kept) for sequence in changed)
    return replace(tokens, ids=tuple(sequence.ids for sequence in changed), kept=kept if any(kept) else ())


def _whole(tokens: Tokens, row: int) -> InputSequence:
    """Return a sequence of which all is kept."""
    ids, form = tokens.ids[row], tokens.format
    is_text = np.array([number not in form.special for number in ids.tolist()], dtype=np.bool_)
    is_text[: form.prompt] = False
    kept = Kept(np.ones(len(ids), dtype=np.bool_), np.ones(form.features, dtype=np.bool_))
    return InputSequence(ids, is_text, kept)


def _or_none(kept: Kept) -> Kept | None:
    """Return None where nothing is cut."""
    return None if kept.tokens.all() and kept.features.all() else kept
