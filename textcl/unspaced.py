"""Scripts that are written without blanks between words."""

import re

# Thai, Lao, Myanmar, Khmer; Chinese signs and their radicals, kana; the same in later blocks of Unicode.
UNSPACED = (  # of a character class
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U000323af"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")


def has_unspaced(text: str) -> bool:
    """Say whether a character of a text is of such a script."""
    return _UNSPACED.search(text) is not None
