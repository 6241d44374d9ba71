"""An augmentation that some of the texts pass by."""

import random
from collections.abc import Sequence

from textcl.augment.nesting import check_texts, checked_parts
from textcl.augment.words import check_shares
from textcl.types import Augmentation


class Sometimes:
    """An augmentation that a text meets with a probability, drawn anew for each text.

    Args:
        of: The augmentation; `Chain` makes one of several.
        p: The probability, a fraction.

    Raises:
        ValueError: Not 0 ≤ p ≤ 1, or the augmentation shares its draw with other views.

    Source:
        None; common to libraries of augmentations.
    """

    def __init__(self, of: Augmentation, p: float = 0.5) -> None:
        check_shares(p=p)
        (self.of,) = checked_parts([of])
        self.p = p

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return what the augmentation makes of the text, or the text."""
        return self.of(text, rng) if rng.random() < self.p else text

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts that the augmentation refuses."""
        check_texts([self.of], texts)
