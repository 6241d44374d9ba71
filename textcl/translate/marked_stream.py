"""Many texts through a program that reads and writes one stream, so that each comes back to its place.

Before each text stands a paragraph that holds its number, written in private-use characters, which no dictionary knows
and so every program hands on. What comes back is cut at these numbers; each must be there, once, in order.
"""

import re
from collections.abc import Sequence

from textcl.translate.engine import MisalignedError

_OPEN, _CLOSE, _ZERO = "\ue003", "\ue004", 0xE010
_NUMBER = re.compile(f"{_OPEN}([\ue010-\ue019]+){_CLOSE}")
_RESERVED = range(0xE000, 0xE01A)  # also those that stand for signs with a meaning to the program
_BLANKED = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_RESERVED, *range(0xD800, 0xE000)], " ")


def one_line(text: str) -> str:
    """Return a text on one line, single spaces in it, without control characters and those that are used here."""
    return " ".join(text.translate(_BLANKED).split())


def joined(texts: Sequence[str]) -> str:
    """Write texts, each on one line, as one stream; blank lines keep a program from reading over their ends."""
    parts = (f"{_numbered(position)}\n\n{text}\n\n" for position, text in enumerate(texts))
    return "".join(parts) + f"{_numbered(len(texts))}\n"


def parted(stream: str, count: int) -> list[str]:
    """Cut what came back into texts.

    Raises:
        MisalignedError: A number is missing, doubled or out of order, or something stands outside of all texts.
    """
    before, *rest = _NUMBER.split(stream)
    if rest[::2] != [_digits(position) for position in range(count + 1)]:
        raise MisalignedError(f"{count} texts went in, and what came out is not numbered from 0 to {count}")
    *texts, after = rest[1::2]
    stray = f"{before}{after}".strip()
    if stray or any(_is_reserved(text) for text in texts):
        raise MisalignedError("something stands between the texts that came out")
    return [text.strip() for text in texts]


def _numbered(position: int) -> str:
    return f"{_OPEN}{_digits(position)}{_CLOSE}"


def _digits(position: int) -> str:
    return "".join(chr(_ZERO + int(digit)) for digit in str(position))


def _is_reserved(text: str) -> bool:
    return any(_OPEN <= character <= chr(_RESERVED[-1]) for character in text)
