"""What stays of a text when it is compared with others: its letters and digits."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from textcl.text.spacing import has_unspaced
from textcl.types.batches import IntArray

SHORT = 12  # letters and digits: texts up to this length stand in every corpus, and prove little
_SIGN = 3  # letters of an alphabet that a character of a script without blanks says as much as


class _Characters(dict[int, str]):
    """What each character becomes: itself, or a blank; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = chr(code)
        is_kept = unicodedata.category(folded)[0] in "LMN"  # letters, their marks, numbers
        is_word = is_kept and has_unspaced(folded)
        self[code] = f" {folded} " if is_word else folded if is_kept else " "
        return self[code]


_CHARACTERS = _Characters()


def folded_words(text: str) -> list[str]:
    """Cut a text into words, case, punctuation and Unicode's compatibility forms aside.

    In scripts that are written without blanks each character is a word.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_CHARACTERS).split()


def folded(words: list[str]) -> str:
    """Join words without blanks: tokenised text (`the dog 's tail`) and plain text (`the dog's tail`) become equal."""
    return "".join(words)


def is_short(words: list[str]) -> bool:
    """Say whether a text, cut into words, is so short that a copy of it may be chance."""
    return sum(_SIGN if len(word) == 1 and has_unspaced(word) else len(word) for word in words) <= SHORT


def folded_number(text: str) -> int:
    """Return 64 bits, signed, that two texts share when their letters and digits are the same.

    A text without letters and digits (characters, emoji) is compared as it is spelt, white space around it aside.
    """
    plain = text.lower().encode().translate(None, _NO_LETTERS) if text.isascii() else None  # the same, 20 times as fast
    kept = plain or (folded(folded_words(text)) or text.strip()).encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(kept, digest_size=8).digest(), "big", signed=True)


_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())  # of ASCII


def is_unspaced(text: str) -> bool:
    """Say whether most letters and digits of a text are of scripts that are written without blanks."""
    kept = [folded for folded in (_CHARACTERS[ord(character)] for character in text) if folded != " "]
    return 2 * sum(len(folded) > 1 for folded in kept) > len(kept)


# Of the marks that folding takes away those that make another text: C++ and C#, 5 % and 5, -5 and 5, 1.5 and 15. But a
# hyphen in a word, the comma of 1,000, and # before a word or a heading are matters of spelling. Each branch begins
# with its mark, so that the search skips all other characters.
_MEANT = re.compile(r"(\+|%|#(?<=\w#)|-(?<!\w-)(?=\d)|\.(?<=\d\.)(?=\d)|,(?<=\d,)(?=\d)(?!\d{3}(?!\d)))")
_MINUS = "\N{MINUS SIGN}"


def text_number(text: str) -> int:
    """Return 64 bits, signed, that two texts share when they are spellings of one text.

    A text without letters, digits and marks that are meant (emoji) is compared as it is spelt, white space around it
    aside.
    """
    parts = _MEANT.split(unicodedata.normalize("NFKC", text).replace(_MINUS, "-"))  # every second one is a mark
    parts[::2] = [folded(folded_words(part)) for part in parts[::2]]
    kept = "".join(parts) or text.strip()
    digest = hashlib.blake2b(kept.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def identities(texts: Iterable[str]) -> IntArray:
    """Number texts so that equal numbers are equal texts, white space and case aside.

    The number is a 64-bit digest of the folded text: two different texts share one with a chance of N²/2⁶⁵.

    Returns:
        (N,) int64.
    """
    folded = (" ".join(text.split()).casefold() for text in texts)
    return np.fromiter(map(number_of, folded), dtype=np.int64)


def number_of(text: str) -> int:
    """Return the number of a text, as it is spelt: 64 bits of its digest, signed."""
    raw = text.encode(errors="surrogatepass")  # half a pair, as JSON may hold, is refused where it would be trained on
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big", signed=True)
