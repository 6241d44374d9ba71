"""Two texts as one line that shows what changed, word by word: `A [-big-] {+large+} dog`."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from textcl.text.spacing import split_words

_WORDS = 400  # that are compared of a text: time grows with their square
_RUN = 12  # words of a stretch that is all alike before its middle is left out
_LONGEST = 80  # characters of a word


def word_changes(before: str, after: str) -> str:
    """Return the second text with the words of the first that went in [-…-] and those that came in {+…+}.

    The middle of a long stretch of one kind is left out; white space shows as single blanks.
    """
    old, new = _shown_words(before), _shown_words(after)
    first, second = ([word.rstrip() for word in words[:_WORDS]] for words in (old, new))
    parts = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        gone, came = _shortened(old[start:end]), _shortened(new[new_start:new_end])
        if kind == "equal":
            parts.append(came)
        else:
            parts += [f"[-{gone}-]"] * bool(gone) + [f"{{+{came}+}}"] * bool(came)
    return " ".join(parts) + (" …" if max(len(old), len(new)) > _WORDS else "")


def _shown_words(text: str) -> list[str]:
    """Return words, each with a blank behind it where white space stands there."""
    words, gaps = split_words(text)
    return [f"{word} " if gap else word for word, gap in zip(words, gaps[1:], strict=True)]


def _shortened(words: Sequence[str]) -> str:
    """Return words as a text, without the middle of a long stretch and the end of a long word."""
    kept = words if len(words) <= _RUN else [*words[: _RUN // 2], "… ", *words[-_RUN // 2 :]]
    return "".join(word if len(word) <= _LONGEST else f"{word[:_LONGEST]}… " for word in kept).rstrip()
