"""Two spans of a document that lie beside, over or inside each other, one for each of two views."""

import random
from dataclasses import dataclass
from typing import ClassVar, Literal

from textcl.text.spacing import join_words, split_words

_BETA = {"anchor": (4, 2), "positive": (2, 4)}  # anchors are mostly long, positives mostly short


@dataclass(frozen=True, slots=True)
class AdjacentSpan:
    """One of two spans of a document that lie beside, over or inside each other.

    An anchor span is drawn from a document; its positive begins or ends no further away than where the anchor does.
    What stands together speaks of the same thing, so the two are a positive pair without labels. Give one view
    `side: anchor` and the other `side: positive`: both get the row's random numbers, draw both spans, and each keeps
    its own. So it comes first in `augment`, and the views must have the same text, that is, rows without positives.

    White space inside a span stays. Failure modes: it wants documents, not sentences (DeCLUTR takes those of 2,048
    tokens and more), where spans of a few words say little and may be the same; spans begin and end in the middle of
    sentences. A document with fewer words than twice `longest` has spans of at most half its words, and of at least a
    quarter where that is less than `shortest`. One of one word stays as it is.

    Args:
        side: anchor or positive.
        shortest: The fewest words of a span; fewer only in a document too short for `longest`.
        longest: The most words of a span. `data.max_length` should let them pass.

    Raises:
        ValueError: No such side, or not 1 ≤ shortest ≤ longest.

    Source:
        Giorgi et al. 2021, DeCLUTR, section 3.1. arXiv:2006.03659. The beta distributions, the bounds of 32 and 512
        tokens, and documents of at least 2,048 are those of the authors' code, JohnGiorgi/DeCLUTR on GitHub.

    Example:
        augment: [{use: AdjacentSpan, side: positive, shortest: 2, longest: 6}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: the river, and two birds
    """

    papers = ("giorgi2021declutr",)

    shares_draw: ClassVar[bool] = True

    side: Literal["anchor", "positive"]
    shortest: int = 32
    longest: int = 512

    def __post_init__(self) -> None:
        if self.side not in _BETA:
            raise ValueError(f"side: found {self.side!r}, but it must be anchor or positive.")
        if not 1 <= self.shortest <= self.longest:
            found = f"shortest={self.shortest} and longest={self.longest}"
            raise ValueError(f"AdjacentSpan needs 1 ≤ shortest ≤ longest, found {found}.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return this side's span."""
        words, gaps = split_words(text)
        if len(words) < 2:
            return text
        lengths = {side: self._draw_length(len(words), side, rng) for side in ("anchor", "positive")}
        start = rng.randint(0, len(words) - lengths["anchor"])
        end = start + lengths["anchor"]
        if self.side == "positive":
            last = len(words) - lengths["positive"]
            start = rng.randint(max(0, start - lengths["positive"]), min(end, last))
            end = start + lengths["positive"]
        return join_words(words[start:end], ["", *gaps[start + 1 : end], ""])

    def _draw_length(self, words: int, side: str, rng: random.Random) -> int:
        longest = min(self.longest, words // 2)
        shortest = self.shortest if longest == self.longest else min(self.shortest, max(1, longest // 2))
        return min(longest, shortest + int(rng.betavariate(*_BETA[side]) * (longest - shortest + 1)))
