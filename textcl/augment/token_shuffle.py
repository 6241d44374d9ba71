"""Put the tokens of a text in a random order."""

import random
from dataclasses import dataclass, replace

import numpy as np

from textcl.types.batches import InputSequence


@dataclass(frozen=True, slots=True)
class TokenShuffle:
    """Puts the tokens of a text in a random order; special tokens and the prompt keep their places.

    The text becomes a bag of tokens: what its order says is gone. Tokens that an earlier augmentation has cut move as
    empty positions.

    Source:
        Yan et al. 2021, ConSERT, section 3.2 ("token shuffling"). arXiv:2105.11741

    Example:
        input: [{use: TokenShuffle}]
        # [CLS] the old dog sleeps [SEP] may become [CLS] dog sleeps the old [SEP]
    """

    papers = ("yan2021consert",)

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence:
        """Return the sequence with the tokens of its text moved."""
        positions = np.flatnonzero(sequence.is_text).tolist()
        order = np.arange(len(sequence.ids))
        order[positions] = rng.sample(positions, len(positions))
        kept = replace(sequence.kept, tokens=sequence.kept.tokens[order])
        return replace(sequence, ids=sequence.ids[order], kept=kept)
