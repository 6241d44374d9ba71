"""Two texts as one line that shows what changed, word by word: `A [-big-] {+large+} dog`."""

from collections.abc import Sequence
from difflib import SequenceMatcher

_WORDS = 400  # that are compared of a text: time grows with their square
_RUN = 12  # words of a stretch that is all alike before its middle is left out


def word_changes(before: str, after: str) -> str:
    """Return the second text with the words of the first that went in [-…-] and those that came in {+…+}.

    The middle of a long stretch of one kind is left out; white space shows as single blanks.
    """
    old, new = before.split(), after.split()
    parts = []
    matcher = SequenceMatcher(None, old[:_WORDS], new[:_WORDS], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        gone, came = shortened(old[start:end]), shortened(new[new_start:new_end])
        if kind == "equal":
            parts.append(came)
        else:
            parts += [f"[-{gone}-]"] * bool(gone) + [f"{{+{came}+}}"] * bool(came)
    return " ".join(parts) + (" …" if max(len(old), len(new)) > _WORDS else "")


def shortened(words: Sequence[str]) -> str:
    """Return words as a text, without the middle of a long stretch."""
    kept = words if len(words) <= _RUN else [*words[: _RUN // 2], "…", *words[-_RUN // 2 :]]
    return " ".join(word if len(word) <= 80 else f"{word[:80]}…" for word in kept)
