"""Slips of a typist's fingers."""

import random
import unicodedata
from dataclasses import dataclass
from typing import Literal

from textcl.augment.words import check_shares

Slip = Literal["neighbour", "swap", "drop", "double"]
SLIPS: tuple[Slip, ...] = ("neighbour", "swap", "drop", "double")
_ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))  # keys, and how far to the right they begin
_KEYS = {key: (row, left + column) for row, (keys, left) in enumerate(_ROWS) for column, key in enumerate(keys)}
_NEIGHBOURS = {
    key: [
        other for other in _KEYS if other != key and abs(_KEYS[other][0] - row) < 2 and abs(_KEYS[other][1] - at) <= 1
    ]
    for key, (row, at) in _KEYS.items()
}


@dataclass(frozen=True, slots=True)
class Typos:
    """Makes slips of the fingers: a neighbouring key, two letters swapped, one dropped, one doubled.

    Only the 26 Latin letters of a QWERTY keyboard slip, in their own case, and none that carries a combining mark; all
    else (other scripts, accented letters, digits, emoji, white space) stays as it is. A swap and a drop need a letter
    after the first, which then stays, so that no word is ever lost.

    Failure modes: a misspelt word falls into many sub-words, so texts get longer in tokens; at a high rate positives
    share no token with their text. It teaches robustness to spelling, not meaning: keep it for a few of the texts
    (`Sometimes`) and compare on data that is misspelt.

    Args:
        rate: The probability of each letter to slip, a fraction. 0.03 is a slip in about every seventh word.
        slips: Those that are drawn from, each as likely: neighbour, swap, drop, double.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1, or no slips.

    Source:
        Belinkov & Bisk 2018, Synthetic and Natural Noise Both Break Neural Machine Translation. arXiv:1711.02173

    Example:
        augment: [{use: Typos, rate: 0.03}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: The old ddog sleeps by the river, anr two birds sing.
    """

    papers = ("belinkov2018noise",)

    rate: float = 0.03
    slips: tuple[Slip, ...] = SLIPS

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)
        unknown = [slip for slip in self.slips if slip not in SLIPS]
        if unknown or not self.slips:
            raise ValueError(f"slips: found {unknown or 'none'}, but it must be one or more of {', '.join(SLIPS)}.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some letters slipped."""
        made: list[str] = []
        at = 0
        alone: tuple[Slip, ...] = tuple(slip for slip in self.slips if slip in ("neighbour", "double"))
        while at < len(text):
            slip = None
            if _slips(text, at) and rng.random() < self.rate:
                slips = self.slips if _slips(text, at + 1) else alone
                slip = rng.choice(slips) if slips else None
            taken = 2 if slip in ("swap", "drop") else 1
            made.append(_slipped(slip, text[at], text[at + 1 : at + taken], rng))
            at += taken
        return "".join(made)


def _slips(text: str, at: int) -> bool:
    """Say whether a letter stands there that has a key of its own, without a mark on it."""
    letter = text[at : at + 1].lower()
    return letter in _NEIGHBOURS and not unicodedata.combining(text[at + 1 : at + 2] or " ")


def _slipped(slip: Slip | None, letter: str, following: str, rng: random.Random) -> str:
    if slip == "swap":
        return following + letter
    if slip == "drop":
        return following
    if slip == "double":
        return letter * 2
    if slip == "neighbour":
        key = rng.choice(_NEIGHBOURS[letter.lower()])
        return key.upper() if letter.isupper() else key
    return letter
