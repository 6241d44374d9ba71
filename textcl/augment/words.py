"""What augmentations do to a word: its marks and its capitals stay."""

import unicodedata

_MEANT = frozenset("%&#@*/-\\")  # marks that say something, and are part of a word


def bare(word: str) -> tuple[str, str, str]:
    """Return the marks before a word, the word, and the marks behind it; a word of marks alone stays whole."""
    start, end = 0, len(word)
    while end > start and is_closing(word[end - 1]):
        end -= 1
    while start < end and _is_opening(word[start]):
        start += 1
    return ("", word, "") if start == end else (word[:start], word[start:end], word[end:])


def in_case_of(word: str, other: str) -> str:
    """Return a word in capitals where the other is, with a capital where the other has one, else as it is."""
    if len(other) > 1 and other.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if other[:1].isupper() else word


def check_shares(**shares: float) -> None:
    """Refuse shares and probabilities that are none.

    Raises:
        ValueError: One is not 0 ≤ share ≤ 1; names it.
    """
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name}: found {share}, but it must be from 0 to 1.")


def is_closing(character: str) -> bool:
    """Say whether a character is a mark that may stand behind a word: a stop, a closing quote or bracket, a dash."""
    return unicodedata.category(character) in ("Po", "Pe", "Pf", "Pi", "Pd") and character not in _MEANT


def _is_opening(character: str) -> bool:
    return unicodedata.category(character) in ("Ps", "Pi", "Pf") or character in "\"'¿¡"
