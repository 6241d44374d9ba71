"""A text as its words and the white space around them.

A word is what stands between white space, and in scripts without blanks (Chinese, Japanese, Thai) each character, with
the marks behind it.
"""

import re
from collections.abc import Sequence

# Thai, Lao, Myanmar, Khmer; Chinese characters and their radicals, kana; the same in later blocks of Unicode.
_CHARACTERS = (  # of a character class
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U000323af"
)
_BEFORE = r"(\[{「『（［｛《〈【〔“‘"  # noqa: RUF001  (full-width brackets are meant)
_WORD = re.compile(rf"[{_BEFORE}]*+[{_CHARACTERS}][^\w\s{_BEFORE}]*|[^\s{_CHARACTERS}]+")
_UNSPACED = re.compile(f"[{_CHARACTERS}]")


def has_unspaced(text: str) -> bool:
    """Say whether a character of a text is of a script without blanks."""
    return _UNSPACED.search(text) is not None


def split_words(text: str) -> tuple[list[str], list[str]]:
    """Return the n words of a text, and the n + 1 stretches of white space, empty ones too, around them."""
    return _WORD.findall(text), _WORD.split(text)


def join_words(words: Sequence[str], gaps: Sequence[str]) -> str:
    """Put n words and n + 1 stretches of white space together again."""
    return "".join(part for pair in zip(gaps, (*words, ""), strict=True) for part in pair)
