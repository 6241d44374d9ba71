"""Set the word embeddings of some tokens to zero."""

import random
from dataclasses import dataclass, replace

from textcl.augment.cutting import check_rate, draw_kept
from textcl.types import InputSequence


@dataclass(frozen=True, slots=True)
class TokenCutoff:
    """Sets the word embeddings of a share of a text's tokens to zero.

    The tokens stay where they are, as empty places: the sequence is as long as before, and only the words are gone.
    Special tokens and the prompt are never cut, and at least one token of the text stays. A text so short that the
    share rounds to no token stays whole. ConSERT cuts after positions are added; here a cut token keeps its position.

    Args:
        rate: The share of the text's tokens that is cut, a fraction.

    Raises:
        ValueError: Not 0 ≤ rate < 1.

    Source:
        Yan et al. 2021, ConSERT, section 3.2 ("cutoff"). arXiv:2105.11741
        Shen et al. 2020, A Simple but Tough-to-Beat Data Augmentation Approach (the rate). arXiv:2009.13818
    """

    rate: float = 0.15

    def __post_init__(self) -> None:
        check_rate(self.rate)

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence:
        """Return the sequence with fewer tokens kept."""
        tokens = sequence.kept.tokens.copy()
        there = sequence.is_text & tokens  # another cutoff may have been here before
        tokens[there] = draw_kept(int(there.sum()), self.rate, rng)
        return replace(sequence, kept=replace(sequence.kept, tokens=tokens))
