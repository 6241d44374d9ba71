"""Let pairs of words change places."""

import random
from dataclasses import dataclass

from textcl.augment.words import check_shares
from textcl.text.spacing import join_words, split_words


@dataclass(frozen=True, slots=True)
class WordSwap:
    """Lets two random words of a text change places, several times.

    White space stays where it is. Failure modes: who does what to whom is lost ("the dog bit the man"), so an encoder
    learns to read a bag of words; two words may swap back. A text of one word stays.

    Args:
        rate: Swaps for each word of the text, a fraction; above 0 there is at least one swap.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1.

    Source:
        Wei & Zou 2019, EDA ("random swap"). arXiv:1901.11196

    Example:
        augment: [{use: WordSwap, rate: 0.1}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old dog birds by the river, and two sleeps sing.
    """

    papers = ("wei2019eda",)

    rate: float = 0.1

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some words in each other's place."""
        words, gaps = split_words(text)
        if len(words) < 2 or not self.rate:
            return text
        for _ in range(max(1, round(self.rate * len(words)))):
            one, other = rng.sample(range(len(words)), 2)
            words[one], words[other] = words[other], words[one]
        return join_words(words, gaps)
