"""Which back-translations become pairs: cheap tests in a fixed order, each of which gives its reason."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from textcl.text.folding import folded_words
from textcl.translate.engine import short_code
from textcl.translate.round_trip import RoundTrip

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ENDINGS = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s", "e", "y")
_SHORTEST_STEM = 3  # characters

_NEGATIONS = """
not no never nobody nothing none nowhere neither nor without cannot
"""
_PERSONS = """
i me my mine myself
we us our ours ourselves
you your yours yourself yourselves
he him his himself
she her hers herself
it its itself
they them their theirs themselves
"""  # a line a person
_OTHERS = """
a an the this that these those and or but if then than so as of in on at to from by for with about into over after
before between through during under out up down off who whom whose which what when where why how be am is are was were
been being do does did done doing have has had having will would shall should can could may might must there here also
very just only own same such some any all each every both more most other not no
"""
_NEGATING = frozenset(_NEGATIONS.split())
_PERSON_OF = {word: person for person, line in enumerate(_PERSONS.split("\n")) for word in line.split()}
_FUNCTION_WORDS = frozenset(_OTHERS.split()) | _PERSON_OF.keys()


def words_of(text: str, language: str = "en") -> list[str]:
    """Return the words of a text, in lower case and without punctuation.

    In English `don't` is one word. Elsewhere an apostrophe parts words, and in scripts that are written without blanks
    (Chinese, Japanese, Thai) each character is a word.
    """
    if short_code(language) != "en":
        return folded_words(text)
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def numbers_of(text: str) -> Counter[str]:
    """Return the numbers of a text, each as often as it stands there."""
    return Counter(_NUMBER.findall(text))


def is_negated(words: Sequence[str]) -> bool:
    """Say whether a word of an English text says no."""
    return any(word in _NEGATING or word.endswith("n't") for word in words)


def persons_of(words: Sequence[str]) -> frozenset[int]:
    """Return whom the personal pronouns of an English text mean: I, we, you, he, she, it, they, each as a number."""
    plain = (word.partition("'")[0] for word in words)
    return frozenset(_PERSON_OF[word] for word in plain if word in _PERSON_OF)


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of content words that two texts have in common: twice the common over the sum of both.

    Where neither has one it is 1. Words are compared without their commonest English endings.
    """
    first, second = _content(one), _content(other)
    total = len(first) + len(second)
    return 2 * len(first & second) / total if total else 1.0


def loops(words: Sequence[str]) -> bool:
    """Say whether a word stands three times in a row, or three words in a row stand there twice."""
    threes = list(zip(words, words[1:], words[2:], strict=False))
    return any(len(set(three)) == 1 for three in threes) or len(set(threes)) < len(threes)


def _content(words: Sequence[str]) -> set[str]:
    return {_stem(word) for word in words if word not in _FUNCTION_WORDS}


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


_ADDRESS = re.compile(
    r"\w://|\b[Ww]{3}\.|\w@\w+\.\w"
    # example.com: two letters and more of one case behind the dot. So neither "e.g.", "U.S." and "3.5" are addresses,
    # nor is the end of a sentence without a blank behind it ("home.Then").
    r"|[A-Za-z]\d{0,9}\.(?:[a-z]{2,}|[A-Z]{2,})\b"
)


class Refusal(StrEnum):
    """Why a text was not translated, or a translation not kept; in the order of the tests."""

    SHORT = "too few words"
    LONG = "too many words"
    ADDRESS = "holds an address"
    CHARACTERS = "mostly no letters"
    FAILED = "not translated"
    IDENTICAL = "identical"
    LEAKED = "a word of the pivot is left"
    LENGTH = "much shorter or longer"
    NEGATION = "negated on one side"
    NUMBERS = "other numbers"
    PERSONS = "other persons"
    OVERLAP = "too few words in common"
    LOOP = "repeats itself"
    DUPLICATE = "as another pivot's"
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

    def unsuited(self, text: str) -> Refusal | None:
        """Return why a text is not worth translating; None: it is."""
        count = len(words_of(text, self.language))
        if count < self.fewest_words:
            return Refusal.SHORT
        if count > self.most_words:
            return Refusal.LONG
        if _ADDRESS.search(text):
            return Refusal.ADDRESS
        characters = [character for character in text if not character.isspace()]
        return Refusal.CHARACTERS if 2 * sum(map(str.isalpha, characters)) < len(characters) else None

    def error(self, text: str, trip: RoundTrip) -> Refusal | None:
        """Return why a translation is no good positive of its text; None: it may be one."""
        if trip.text is None:
            return Refusal.FAILED
        words, new = words_of(text, self.language), words_of(trip.text, self.language)
        if words == new:
            return Refusal.IDENTICAL
        if trip.unknown_back > trip.unknown_forward:
            return Refusal.LEAKED
        if not 1 / self.ratio <= len(new) / max(1, len(words)) <= self.ratio:
            return Refusal.LENGTH
        return self._changed_meaning(text, trip.text, words, new) or self._poor(trip.route.pivot, words, new)

    def _changed_meaning(self, text: str, translation: str, words: list[str], new: list[str]) -> Refusal | None:
        is_english = short_code(self.language) == "en"
        if is_english and is_negated(words) != is_negated(new):
            return Refusal.NEGATION
        if numbers_of(text) != numbers_of(translation):
            return Refusal.NUMBERS
        if is_english and persons_of(words) != persons_of(new):
            return Refusal.PERSONS
        return None

    def _poor(self, pivot: str, words: list[str], new: list[str]) -> Refusal | None:
        if overlap(words, new) < self.least_overlap.get(short_code(pivot), self.usual_overlap):
            return Refusal.OVERLAP
        return Refusal.LOOP if loops(new) and not loops(words) else None
