"""Change the case of some words."""

import random
from dataclasses import dataclass
from typing import Literal

from textcl.augment.words import check_shares
from textcl.text.spacing import join_words, split_words

Case = Literal["lower", "upper", "capital"]
CASES: tuple[Case, ...] = ("lower", "upper", "capital")


@dataclass(frozen=True, slots=True)
class CaseNoise:
    """Writes some words in lower case, in capitals, or with one capital.

    A word that is to change is given a case that it does not have; where there is none (digits, Chinese, emoji), it
    stays. `rate: 1, cases: [lower]` is a text in lower case, as queries are typed. White space stays.

    Failure mode: an uncased tokenizer sees none of it, and the two views are then the same.

    Args:
        rate: The probability of each word to change, a fraction.
        cases: Those that are drawn from, each as likely: lower, upper, capital.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1, or no cases.

    Source:
        None that it rests on; a common noise of robustness tests.

    Example:
        augment: [{use: CaseNoise, rate: 0.1}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old DOG sleeps by the river, and two BIRDS sing.
    """

    rate: float = 0.1
    cases: tuple[Case, ...] = CASES

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)
        unknown = [case for case in self.cases if case not in CASES]
        if unknown or not self.cases:
            raise ValueError(f"cases: found {unknown or 'none'}, but it must be one or more of {', '.join(CASES)}.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some words in another case."""
        words, gaps = split_words(text)
        return join_words([self._written(word, rng) if rng.random() < self.rate else word for word in words], gaps)

    def _written(self, word: str, rng: random.Random) -> str:
        written = {"lower": word.lower(), "upper": word.upper(), "capital": _with_capital(word)}
        others = [written[case] for case in self.cases if written[case] != word]
        return rng.choice(others) if others else word


def _with_capital(word: str) -> str:
    """Return a word in lower case but for its first letter; marks may stand before this one."""
    start = next((position for position, character in enumerate(word) if character.isalnum()), 0)
    return word[:start] + word[start : start + 1].upper() + word[start + 1 :].lower()
