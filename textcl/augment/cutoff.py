"""Cutoff: set some features, or some tokens, of the word embeddings to zero."""

import random
from dataclasses import dataclass, replace

import numpy as np

from textcl.types.batches import BoolArray, InputSequence


def check_rate(rate: float) -> None:
    """Refuse a rate that cuts less than nothing, or everything.

    Raises:
        ValueError: Not 0 ≤ rate < 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: found {rate}, but it must be at least 0 and below 1, the share that is cut.")


def draw_kept(count: int, rate: float, rng: random.Random) -> BoolArray:
    """Draw which of `count` things are kept, (count,): the share `rate` of them is not, but one always is."""
    kept = np.ones(count, dtype=np.bool_)
    kept[rng.sample(range(count), max(0, min(round(rate * count), count - 1)))] = False
    return kept


@dataclass(frozen=True, slots=True)
class FeatureCutoff:
    """Sets a share of the features of the word embeddings to zero, the same ones in all tokens of a text.

    Special tokens lose them too. A sequence without text (special tokens alone) stays whole. ConSERT cuts after
    positions are added; here positions keep all their features.

    Args:
        rate: The share of the features that is cut, a fraction. At least one feature always stays.

    Raises:
        ValueError: Not 0 ≤ rate < 1.

    Source:
        Yan et al. 2021, ConSERT, section 3.2 ("cutoff"). arXiv:2105.11741
        Shen et al. 2020, A Simple but Tough-to-Beat Data Augmentation Approach (the rate). arXiv:2009.13818

    Example:
        input: [{use: FeatureCutoff, rate: 0.2}]
        # 77 of 384 features become 0 in every token of the text
    """

    papers = ("yan2021consert",)

    rate: float = 0.2

    def __post_init__(self) -> None:
        check_rate(self.rate)

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence:
        """Return the sequence with fewer features kept."""
        if not sequence.is_text.any():
            return sequence
        features = sequence.kept.features.copy()
        features[features] = draw_kept(int(features.sum()), self.rate, rng)
        return replace(sequence, kept=replace(sequence.kept, features=features))


@dataclass(frozen=True, slots=True)
class TokenCutoff:
    """Sets the word embeddings of a share of a text's tokens to zero.

    The tokens stay where they are, as empty positions: the sequence is as long as before, and only the words are gone.
    Special tokens and the prompt are never cut, and at least one token of the text stays. A text so short that the
    share rounds to no token stays whole. ConSERT cuts after positions are added; here a cut token keeps its position.

    Args:
        rate: The share of the text's tokens that is cut, a fraction.

    Raises:
        ValueError: Not 0 ≤ rate < 1.

    Source:
        Yan et al. 2021, ConSERT, section 3.2 ("cutoff"). arXiv:2105.11741
        Shen et al. 2020, A Simple but Tough-to-Beat Data Augmentation Approach (the rate). arXiv:2009.13818

    Example:
        input: [{use: TokenCutoff, rate: 0.15}]
        # the word embeddings of 3 of 20 tokens become 0
    """

    papers = ("yan2021consert",)

    rate: float = 0.15

    def __post_init__(self) -> None:
        check_rate(self.rate)

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence:
        """Return the sequence with fewer tokens kept."""
        tokens = sequence.kept.tokens.copy()
        there = sequence.is_text & tokens  # another cutoff may have been here before
        tokens[there] = draw_kept(int(there.sum()), self.rate, rng)
        return replace(sequence, kept=replace(sequence.kept, tokens=tokens))
