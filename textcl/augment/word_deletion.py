"""Leave some words of a text out."""

import random
from dataclasses import dataclass

from textcl.augment.words import check_shares
from textcl.text.spacing import join_words, split_words


@dataclass(frozen=True, slots=True)
class WordDeletion:
    """Leaves each word of a text out with a probability; one always stays, drawn where none did.

    A word goes with the white space before it; all other white space stays. Failure modes: it may take the word that
    carries the meaning ("not"), and as the plain positive it falls behind dropout on similarity (SimCSE, table 1: 75.9
    for 10 %, 68.2 for 30 %, against 82.5). A text of one word stays as it is.

    Args:
        rate: The probability of each word to go, a fraction. At 0 all stay, at 1 one word stays.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1.

    Source:
        Wei & Zou 2019, EDA ("random deletion"). arXiv:1901.11196
        Gao et al. 2021, SimCSE, table 1 ("word deletion"). arXiv:2104.08821

    Example:
        augment: [{use: WordDeletion, rate: 0.2}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The dog the river, and two birds sing.
    """

    papers = ("wei2019eda",)

    rate: float = 0.1

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text without some of its words."""
        words, gaps = split_words(text)
        if len(words) < 2:
            return text
        kept = [position for position in range(len(words)) if rng.random() >= self.rate] or [rng.randrange(len(words))]
        between = [gaps[position] for position in kept[1:]]
        return join_words([words[position] for position in kept], [gaps[0], *between, gaps[-1]])
