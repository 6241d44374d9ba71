"""Several augmentations, one after the other."""

import random
from collections.abc import Sequence

from textcl.augment.nesting import check_texts, checked_parts
from textcl.types import Augmentation


class Chain:
    """Several augmentations, one after the other, as one: for a place that takes one, inside `OneOf` or `Sometimes`.

    Args:
        of: One or more augmentations, in their order.

    Raises:
        ValueError: There is none, or one that shares its draw with other views.

    Source:
        None; a view's own `augment` is such a chain.
    """

    def __init__(self, of: list[Augmentation]) -> None:
        self.of = checked_parts(of)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return what the last one makes of the text."""
        for augmentation in self.of:
            text = augmentation(text, rng)
        return text

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts that one of the augmentations refuses."""
        check_texts(self.of, texts)
