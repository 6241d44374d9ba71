"""Augmentations made of others: a chain, one of several, and one that only some texts meet."""

import random
from collections.abc import Sequence

from textcl.augment.words import check_shares
from textcl.types.text import Augmentation


def checked_parts(parts: Sequence[Augmentation]) -> tuple[Augmentation, ...]:
    """Return augmentations that others are made of.

    Raises:
        ValueError: There is none, one is no augmentation, or one shares its draw with other views.
    """
    if not isinstance(parts, Sequence):
        raise ValueError(f"of: found {parts!r} alone, but it must be a list of augmentations: of: [{{use: …}}].")
    if not parts:
        raise ValueError("of: found no augmentation, but there must be one or more.")
    for part in parts:
        if not callable(part):
            raise ValueError(f"of: found {part!r}, but it must be an augmentation: a mapping with `use:`.")
        if getattr(part, "shares_draw", False):
            raise ValueError(
                f"of: found {type(part).__name__}, whose draw all views of a row share, so that it cannot be left to "
                "chance in one of them. Name it first in the view's own `augment`."
            )
    return tuple(parts)


def check_texts(parts: Sequence[Augmentation], texts: Sequence[str]) -> None:
    """Let each augmentation that looks at texts before a run see some of them.

    Raises:
        DataError: One can do nothing for them.
    """
    for part in parts:
        check = getattr(part, "check", None)
        if check is not None:
            check(texts)


class Chain:
    """Several augmentations, one after the other, as one: where one is taken, in `OneOf` or `Sometimes`.

    Args:
        of: One or more augmentations, in their order.

    Raises:
        ValueError: There is none, or one that shares its draw with other views.

    Source:
        None; a view's own `augment` is such a chain.

    Example:
        augment: [{use: Chain, of: [{use: WordDeletion}, {use: Typos}]}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old dog sleeps the river, and two birds sing.
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


class OneOf:
    """One of several augmentations, drawn anew for each text.

    Args:
        of: One or more augmentations.
        weights: How often each is drawn, in relation to the others; not below 0. None: all alike.

    Raises:
        ValueError: There is none, one shares its draw with other views, or the weights do not fit.

    Source:
        None; common to libraries of augmentations.

    Example:
        augment: [{use: OneOf, of: [{use: SpanCrop}, {use: WordRepetition}], weights: [3, 1]}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: dog sleeps by the river, and two
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


class Sometimes:
    """An augmentation that a text meets with a probability, drawn anew for each text.

    Args:
        of: The augmentation; `Chain` makes one of several.
        p: The probability, a fraction.

    Raises:
        ValueError: Not 0 ≤ p ≤ 1, or the augmentation shares its draw with other views.

    Source:
        None; common to libraries of augmentations.

    Example:
        augment: [{use: Sometimes, of: {use: Typos}, p: 0.5}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old ddog sleeps by the river, and two birds sing.
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
