"""The words of a text: what two texts share, and what must not differ between them."""

import re
from collections import Counter
from collections.abc import Sequence

from textcl.folding import folded_words
from textcl.translate.language_codes import short_code

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
