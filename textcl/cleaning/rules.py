"""What makes a row unfit on its own: nothing in it, too much, another language, two sides that are one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textcl.files.values import SPELLED_MISSING
from textcl.text.folding import folded, folded_words
from textcl.text.languages import LANGUAGES, language_of
from textcl.types.batches import Embed
from textcl.types.text import Role
from textcl.util.cosines import row_products

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")  # NUL, and half a surrogate pair, which is no UTF-8


@dataclass(frozen=True, slots=True)
class Rules:
    """What a row must be.

    Args:
        max_words: Words of its longest text, at most.
        min_words: Words of its shortest text, at least.
        language: What its texts are in, by a guess; None: any. A text whose language cannot be told passes.
        distinct_sides: Whether no two of its texts may be the same, spelling aside.
    """

    max_words: int = 1000
    min_words: int = 1
    language: str | None = None
    distinct_sides: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.min_words <= self.max_words:
            raise ValueError(f"{self.min_words} to {self.max_words} words: the first must be 1 or more, and not above.")
        if self.language is not None and self.language not in LANGUAGES:
            raise ValueError(f"the language '{self.language}' cannot be told; these can: {', '.join(LANGUAGES)}")


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a row is dropped, and what was found."""

    reason: str
    detail: str = ""


def error(texts: Sequence[str], rules: Rules) -> Drop | None:
    """Return why a row of these texts is dropped; None: it is not."""
    words = [folded_words(text) for text in texts]
    if drop := _no_text(texts, words):
        return drop
    counts = [len(each) for each in words]
    if max(counts) > rules.max_words:
        return Drop("too long", f"{max(counts):,} words")
    if min(counts) < rules.min_words:
        return Drop("too short", f"{min(counts)} words")
    if rules.distinct_sides and len({folded(each) for each in words}) < len(words):
        return Drop("identical sides")
    if rules.language is not None:
        others = [guess for guess in map(language_of, texts) if guess not in (rules.language, None)]
        if others:
            return Drop("another language", f"looks like {others[0]}")
    return None


def _no_text(texts: Sequence[str], words: Sequence[Sequence[str]]) -> Drop | None:
    """Return why a text says nothing; None: all say something."""
    if any(map(_NO_CHARACTER.search, texts)):
        return Drop("unreadable", "half a surrogate pair, or NUL")
    missing = next((text.strip() for text in texts if text.strip() in SPELLED_MISSING), None)
    if missing is not None:
        return Drop("empty", f"'{missing}' spells a missing text")
    return None if texts and all(words) else Drop("empty", "no letter or digit in a text")


@dataclass(frozen=True, slots=True)
class Similarity:
    """The bounds on the cosine of a pair.

    Args:
        embed: The model.
        lowest: Below it the sides do not belong together; None: no bound.
        highest: Above it the sides say the same, and teach nothing; None: no bound.
    """

    embed: Embed
    lowest: float | None = None
    highest: float | None = None

    def errors(self, pairs: Sequence[tuple[str, str]]) -> list[Drop | None]:
        """Return for each pair why it is dropped; None: it is not."""
        if not pairs:
            return []
        first, second = zip(*pairs, strict=True)
        left, right = self.embed(first, Role.ANCHOR), self.embed(second, Role.POSITIVE)
        return [self._error(cosine) for cosine in row_products(left, right).tolist()]

    def _error(self, cosine: float) -> Drop | None:
        if self.lowest is not None and cosine < self.lowest:
            return Drop("sides too far apart", f"cosine {cosine:.3f}")
        if self.highest is not None and cosine > self.highest:
            return Drop("sides too near", f"cosine {cosine:.3f}")
        return None
