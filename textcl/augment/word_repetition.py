"""Say some words of a text twice."""

import random
from dataclasses import dataclass

from textcl.augment.words import check_shares
from textcl.text.spacing import has_unspaced, join_words, split_words


@dataclass(frozen=True, slots=True)
class WordRepetition:
    """Says some words of a text twice, so that the two views of a positive pair differ in length.

    With dropout alone both views are as long as each other, and an encoder can tell positives from negatives by length.
    How many words are doubled is drawn for each text: any number up to a share of its words, but up to two in a short
    one. ESimCSE repeats sub-words; whole words stand here, so that any tokenizer can follow. White space stays.

    Failure mode: a text of one word is doubled whole or left as it is.

    Args:
        rate: The largest share of words that is doubled, a fraction; 0 changes nothing.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1.

    Source:
        Wu et al. 2022, ESimCSE, section 3.1 (`dup_rate`). arXiv:2109.04380. The authors' `run.sh`,
        caskcsg/sentemb on GitHub, takes 0.32 for BERT, and 0.3 and 0.28 for the two sizes of RoBERTa.

    Example:
        augment: [{use: WordRepetition, rate: 0.32}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old dog sleeps by the the river, and two two birds sing.
    """

    papers = ("wu2022esimcse",)

    rate: float = 0.32

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some words doubled, a blank between the two where their script has blanks."""
        words, gaps = split_words(text)
        if not self.rate:
            return text
        most = min(len(words), max(2, int(self.rate * len(words))))
        for position in rng.sample(range(len(words)), rng.randint(0, most)):
            blank = "" if has_unspaced(words[position]) else " "
            words[position] = f"{words[position]}{blank}{words[position]}"
        return join_words(words, gaps)
