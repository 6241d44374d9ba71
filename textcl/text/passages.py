"""Where a long text is cut into passages: at ends of sentences where there are some, else between words."""

import re
from collections.abc import Sequence

import numpy as np

from textcl.types.batches import BoolArray, IntArray

# The end of a sentence, with what closes it, up to the next one; or a line break. A full stop in "e.g. " counts too: it
# costs a passage some words. Full-width marks are followed by no blank.
_CLOSING = r"[\"'\u2019\u201d)\]]*"
_SENTENCE = re.compile(rf"(?<=[.!?\u2026]){_CLOSING}\s+|(?<=[\u3002\uff01\uff1f])[\u300d\u300f\uff09]*|\s*\n\s*")


def passages(text: str, tokens: Sequence[tuple[int, int]], size: int, overlap: int) -> list[tuple[int, int]]:
    """Cut a text into passages of at most `size` tokens, one after another.

    A passage ends with the last sentence that ends in its second half, or, where none does, between two words. The
    next one begins with whole sentences of its end, as many as `overlap` tokens hold, or with as many words.

    >>> from textcl.text.passages import passages
    >>> text = "A cat sleeps. It is black. The sun is warm."
    >>> words = [match.span() for match in re.finditer(r"\\w+|[.]", text)]
    >>> [text[start:stop] for start, stop in passages(text, words, size=9, overlap=4)]
    ['A cat sleeps. It is black.', 'It is black. The sun is warm.']

    Args:
        text: The text.
        tokens: (start, stop) of each token in it, in characters, ascending and none empty.
        size: The most tokens of a passage, at least 1.
        overlap: The most tokens of a passage that the next one repeats, at most half of `size`.

    Returns:
        (start, stop) of each passage, in characters; a text without tokens is one passage, itself.

    Raises:
        ValueError: The size is not positive, or the overlap is more than half of it.
    """
    if size < 1 or not 0 <= overlap <= size // 2:
        raise ValueError(f"a passage of {size} tokens may repeat 0 to {max(0, size) // 2}, found {overlap}.")
    if len(tokens) <= size:
        return [(0, len(text))]
    starts, stops = np.array(tokens, dtype=np.int64).T
    sentences = _begins(starts, [match.end() for match in _SENTENCE.finditer(text)])
    words = np.r_[True, starts[1:] > stops[:-1]]
    found, start = list[tuple[int, int]](), 0
    while True:
        end = start + size
        if end >= len(starts):
            found.append((int(starts[start]), int(stops[-1])))
            return found
        inner = slice(start + size // 2 + 1, end + 1)
        end = _last(sentences[inner], words[inner], inner.start, end)
        found.append((int(starts[start]), int(stops[end - 1])))
        start = _first(sentences[end - overlap : end], words[end - overlap : end], end - overlap, end)


def _begins(starts: IntArray, offsets: list[int]) -> BoolArray:
    """Say of each token whether it is the first behind one of some offsets, (N,)."""
    begins = np.zeros(len(starts) + 1, dtype=np.bool_)
    begins[np.searchsorted(starts, offsets)] = True
    return begins[:-1]


def _last(sentences: BoolArray, words: BoolArray, first: int, otherwise: int) -> int:
    """Return the last token that begins a sentence, or a word; they are counted from `first`."""
    for kind in (sentences, words):
        if kind.any():
            return first + int(np.flatnonzero(kind)[-1])
    return otherwise


def _first(sentences: BoolArray, words: BoolArray, first: int, otherwise: int) -> int:
    """Return the first token that begins a sentence, or a word; they are counted from `first`."""
    for kind in (sentences, words):
        if kind.any():
            return first + int(np.flatnonzero(kind)[0])
    return otherwise
