"""What an encoder refuses."""

from collections.abc import Sequence


def check_texts(texts: Sequence[str]) -> None:
    """Raise a ValueError that names the first entry which is no string."""
    if isinstance(texts, str):
        raise ValueError("encode takes a list of texts, not one text; write [text].")
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"texts[{position}] is {text!r}, a {type(text).__name__}; every entry must be a string.")


def check_length(max_length: int | None, limit: int | None, special: int) -> None:
    """Raise a ValueError where a maximal length leaves no room for text, or is more than the backbone reads.

    Args:
        max_length: Tokens kept of a text, None for all.
        limit: Tokens that the backbone reads, None for any number.
        special: Special tokens that every text gets.
    """
    if max_length is not None and (max_length <= special or (limit is not None and max_length > limit)):
        most = "" if limit is None else f", and at most {limit}"
        raise ValueError(f"max_length is {max_length}; it must be more than {special} (the special tokens){most}.")
