"""Put the words of a text in an order that is not far from their own."""

import random
from dataclasses import dataclass

from textcl.text.spacing import join_words, split_words


@dataclass(frozen=True, slots=True)
class WordShuffle:
    """Shuffles the words of a text, none of them further than a few positions from where it stood.

    Each word is sorted by its position plus a number drawn from 0 to `distance` + 1. White space stays where it is.
    `TokenShuffle` moves tokens of the encoder's input instead, and any distance. Failure modes: as of `WordSwap`, the
    more the larger the distance; a text of one word stays.

    Args:
        distance: The most positions that a word moves, in words; 0 changes nothing.

    Raises:
        ValueError: The distance is below 0.

    Source:
        Lample et al. 2018, Unsupervised Machine Translation Using Monolingual Corpora Only, section 2.3.
        arXiv:1711.00043. With `--word_shuffle 3` the code of the paper after it, facebookresearch/UnsupervisedMT on
        GitHub, adds numbers from 0 to 3 to the positions; that is `distance: 2` here.

    Example:
        augment: [{use: WordShuffle, distance: 3}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: dog sleeps The old by the and river, two birds sing.
    """

    papers = ("lample2018unsupervised",)

    distance: int = 3

    def __post_init__(self) -> None:
        if self.distance < 0:
            raise ValueError(f"distance: found {self.distance}, but it must be 0 positions or more.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with its words in another order."""
        words, gaps = split_words(text)
        if not self.distance:
            return text
        keys = [position + rng.random() * (self.distance + 1) for position in range(len(words))]
        order = sorted(range(len(words)), key=keys.__getitem__)  # ties keep their order
        return join_words([words[position] for position in order], gaps)
