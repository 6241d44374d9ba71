"""What stays of a text when it is compared with others: its letters and digits."""

import hashlib
import unicodedata

from textcl.spacing import has_unspaced

SHORT = 12  # letters and digits: texts up to this length stand in every corpus, and prove nothing


class _Signs(dict[int, str]):
    """What each character becomes: itself, or a blank; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        is_kept = unicodedata.category(sign)[0] in "LMN"  # letters, their marks, numbers
        is_word = is_kept and has_unspaced(sign)
        self[code] = f" {sign} " if is_word else sign if is_kept else " "
        return self[code]


_SIGNS = _Signs()


def folded_words(text: str) -> list[str]:
    """Cut a text into words, case, punctuation and Unicode's compatibility forms aside.

    In scripts that are written without blanks each character is a word.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_SIGNS).split()


def folded(words: list[str]) -> str:
    """Join words without blanks: tokenised text (`the dog 's tail`) and plain text (`the dog's tail`) become equal."""
    return "".join(words)


def folded_number(text: str) -> int:
    """Return 64 bits, signed, that two texts share when their letters and digits are the same.

    A text without letters and digits (signs, emoji) is compared as it is spelt, white space around it aside.
    """
    kept = folded(folded_words(text)) or text.strip()
    digest = hashlib.blake2b(kept.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def is_unspaced(text: str) -> bool:
    """Say whether most letters and digits of a text are of scripts that are written without blanks."""
    kept = [sign for sign in (_SIGNS[ord(character)] for character in text) if sign != " "]
    return 2 * sum(len(sign) > 1 for sign in kept) > len(kept)
