"""Keep a contiguous span of a text's words."""

import random
from dataclasses import dataclass

from textcl.text.spacing import join_words, split_words


@dataclass(frozen=True, slots=True)
class SpanCrop:
    """Crops a text to a contiguous span of its words, of random length at a random position.

    Two crops of one text overlap or touch on the same subject, so they make a positive pair without any labels. In
    scripts without blanks (Chinese, Japanese, Thai) it counts and cuts characters.

    Args:
        low: The smallest share of words that stays, a fraction. At least one word always stays.
        high: The largest share of words that stays, a fraction.

    Raises:
        ValueError: Not 0 < low ≤ high ≤ 1.

    Source:
        Gao et al. 2021, SimCSE, table 1 ("crop"); Izacard et al. 2022, Contriever, section 3.1. arXiv:2112.09118

    Example:
        augment: [{use: SpanCrop, low: 0.3, high: 1.0}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: by the river, and two
    """

    papers = ("izacard2022contriever",)

    low: float = 0.3
    high: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high <= 1:
            raise ValueError(f"SpanCrop needs 0 < low ≤ high ≤ 1, found low={self.low} and high={self.high}.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return a span of the text; single spaces stand where white space stood."""
        words, gaps = split_words(text)
        if not words:
            return text
        kept = max(1, round(len(words) * rng.uniform(self.low, self.high)))
        start = rng.randint(0, len(words) - kept)
        between = [" " if gap else "" for gap in gaps[start + 1 : start + kept]]
        return join_words(words[start : start + kept], ["", *between, ""])
