"""Which back-translations become pairs: cheap tests in a fixed order, each of which gives its reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from textcl.translate.language_codes import short_code
from textcl.translate.round_trip import RoundTrip
from textcl.translate.words import is_negated, loops, numbers_of, overlap, persons_of, words_of

_ADDRESS = re.compile(
    r"\w://|\b[Ww]{3}\.|\w@\w+\.\w"
    # example.com: two letters and more of one case behind the dot. So neither "e.g.", "U.S." and "3.5" are addresses,
    # nor is the end of a sentence without a blank behind it ("home.Then").
    r"|[A-Za-z]\d{0,9}\.(?:[a-z]{2,}|[A-Z]{2,})\b"
)


class Reason(StrEnum):
    """Why a text was not translated, or a translation not kept; in the order of the tests."""

    SHORT = "too few words"
    LONG = "too many words"
    ADDRESS = "holds an address"
    SIGNS = "mostly no letters"
    FAILED = "not translated"
    IDENTICAL = "identical"
    LEAKED = "a word of the pivot is left"
    LENGTH = "much shorter or longer"
    NEGATION = "negated on one side"
    NUMBERS = "other numbers"
    PERSONS = "other persons"
    OVERLAP = "too few words in common"
    LOOP = "repeats itself"
    DOUBLED = "as another pivot's"
    FAR = "cosine too low"
    NEAR = "cosine too high"


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Tells good back-translations from others, by their words.

    Words catch what is lost or left over on the way, but not a word taken in a wrong sense: of the pairs of Apertium
    that are kept, about one in eight means something else.

    Args:
        language: Of the texts, as `en`, `eng` or `eng_Latn`. Negation and persons are compared in English only; in
            scripts without blanks between words (Chinese, Japanese, Thai) each character counts as a word.
        fewest_words: A text has at least so many words.
        most_words: And at most so many.
        ratio: The words of a translation are between 1/ratio and ratio times those of the text.
        least_overlap: The share of content words that both must have in common, from 0 to 1; by pivot, two letters.
        usual_overlap: The same for a pivot that is not named.
    """

    language: str = "en"
    fewest_words: int = 4
    most_words: int = 60
    ratio: float = 1.6
    least_overlap: Mapping[str, float] = field(default_factory=dict)
    usual_overlap: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.fewest_words <= self.most_words:
            raise ValueError(f"PairFilter needs 1 ≤ fewest_words ≤ most_words, found {self}.")

    def unsuited(self, text: str) -> Reason | None:
        """Return why a text is not worth translating; None: it is."""
        count = len(words_of(text, self.language))
        if count < self.fewest_words:
            return Reason.SHORT
        if count > self.most_words:
            return Reason.LONG
        if _ADDRESS.search(text):
            return Reason.ADDRESS
        signs = [character for character in text if not character.isspace()]
        return Reason.SIGNS if 2 * sum(map(str.isalpha, signs)) < len(signs) else None

    def fault(self, text: str, trip: RoundTrip) -> Reason | None:
        """Return why a translation is no good positive of its text; None: it may be one."""
        if trip.text is None:
            return Reason.FAILED
        words, new = words_of(text, self.language), words_of(trip.text, self.language)
        if words == new:
            return Reason.IDENTICAL
        if trip.unknown_back > trip.unknown_forward:
            return Reason.LEAKED
        if not 1 / self.ratio <= len(new) / max(1, len(words)) <= self.ratio:
            return Reason.LENGTH
        return self._changed_meaning(text, trip.text, words, new) or self._poor(trip.route.pivot, words, new)

    def _changed_meaning(self, text: str, translation: str, words: list[str], new: list[str]) -> Reason | None:
        is_english = short_code(self.language) == "en"
        if is_english and is_negated(words) != is_negated(new):
            return Reason.NEGATION
        if numbers_of(text) != numbers_of(translation):
            return Reason.NUMBERS
        if is_english and persons_of(words) != persons_of(new):
            return Reason.PERSONS
        return None

    def _poor(self, pivot: str, words: list[str], new: list[str]) -> Reason | None:
        if overlap(words, new) < self.least_overlap.get(short_code(pivot), self.usual_overlap):
            return Reason.OVERLAP
        return Reason.LOOP if loops(new) and not loops(words) else None
