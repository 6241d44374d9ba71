"""Set some features of the word embeddings to zero."""

import random
from dataclasses import dataclass, replace

from textcl.augment.cutting import check_rate, draw_kept
from textcl.types import InputSequence


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
    """

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
