"""What augmentations made of others share: what they may be made of, and how they look at texts before a run."""

from collections.abc import Sequence

from textcl.types import Augmentation


def checked_parts(parts: Sequence[Augmentation]) -> tuple[Augmentation, ...]:
    """Return augmentations that others are made of.

    Raises:
        ValueError: There is none, one is no augmentation, or one shares its draw with other views.
    """
    if not parts:
        raise ValueError("of: found no augmentation, but there must be one or more.")
    for part in parts:
        if not callable(part):
            raise ValueError(f"of: found {part!r}, but it must be an augmentation: a mapping with `use:`.")
        if getattr(part, "shares_draw", False):
            raise ValueError(
                f"of: found {type(part).__name__}, whose draw all views of a row share, so that it can not be left to "
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
