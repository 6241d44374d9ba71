"""Which texts are one text to mining: those that differ in case, white space and marks that say nothing."""

import hashlib
import re
import unicodedata

from textcl.folding import folded, folded_words

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
