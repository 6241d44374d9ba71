"""One augmentation, drawn from several for each text."""

import random
from collections.abc import Sequence

from textcl.augment.nesting import check_texts, checked_parts
from textcl.types import Augmentation


class OneOf:
    """One of several augmentations, drawn anew for each text.

    Args:
        of: One or more augmentations.
        weights: How often each is drawn, in relation to the others; not below 0. None: all alike.

    Raises:
        ValueError: There is none, one shares its draw with other views, or the weights do not fit.

    Source:
        None; common to libraries of augmentations.
    """

    def __init__(self, of: list[Augmentation], weights: list[float] | None = None) -> None:
        self.of = checked_parts(of)
        if weights is not None and (len(weights) != len(self.of) or min(weights) < 0 or not 0 < sum(weights) < 1e300):
            raise ValueError(
                f"weights: found {weights}, but there must be {len(self.of)}, none below 0 and not all of them 0."
            )
        self.weights = weights

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return what the one that is drawn makes of the text."""
        (augmentation,) = rng.choices(self.of, self.weights)
        return augmentation(text, rng)

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts that one of the augmentations refuses."""
        check_texts(self.of, texts)
