"""Leave punctuation out, and put some in."""

import random
from dataclasses import dataclass

from textcl.augment.words import bare, check_shares, is_closing
from textcl.text.spacing import join_words, split_words

_INSERTED = (".", ",", ";", ":", "?", "!")


@dataclass(frozen=True, slots=True)
class PunctuationNoise:
    """Drops marks from the edges of words, and puts marks behind words that have none.

    Marks inside a word ("3.5", "don't", "well-known") and those that say something (%, $, #, @, a hyphen) stay, and so
    does a word of marks alone. White space stays.

    Failure modes: mean pooling sees each mark as a token, so a high rate moves short texts; a question may lose its
    mark, or another text get one; in scripts without blanks each character is a word, so marks come to stand inside
    what a reader takes for one.

    Args:
        drop: The probability of each mark to go, a fraction.
        insert: The probability of each word without a mark behind it to get one, a fraction.

    Raises:
        ValueError: One is not from 0 to 1.

    Source:
        Karimi et al. 2021, AEDA: An Easier Data Augmentation Technique (which inserts). arXiv:2108.13230

    Example:
        augment: [{use: PunctuationNoise, drop: 0.1, insert: 0.1}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old dog sleeps by: the river, and two? birds sing.
    """

    papers = ("karimi2021aeda",)

    drop: float = 0.1
    insert: float = 0.1

    def __post_init__(self) -> None:
        check_shares(drop=self.drop, insert=self.insert)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with other punctuation."""
        words, gaps = split_words(text)
        return join_words([self._marked(word, rng) for word in words], gaps)

    def _marked(self, word: str, rng: random.Random) -> str:
        before, core, behind = bare(word)
        before, behind = ("".join(mark for mark in marks if rng.random() >= self.drop) for marks in (before, behind))
        inserts = not is_closing(word[-1]) and rng.random() < self.insert
        return before + core + (rng.choice(_INSERTED) if inserts else behind)
