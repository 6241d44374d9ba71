"""Replace some words by synonyms from WordNet."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from textcl.augment.words import bare, check_shares, in_case_of
from textcl.text.spacing import join_words, split_words
from textcl.text.wordnet import FOLDER, main_senses, read_synsets, refuse_absence

_FUNCTION_WORDS = """
about after all also and any are because been before but can could did does for from had has have her his how its may
might more most must nor not now off one only other our out over own shall she should some such than that the their them
then there these they this those thus too under until upon was were what when where which while who whom whose why will
with would yet you your
"""  # WordNet has many of them as nouns: "who" is the World Health Organization
_STAY = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Replaces words by others of the synset that they mean most often in WordNet (English).

    Only words in the form that WordNet lists are replaced ("dog", not "dogs"), since a synonym would have to be
    inflected too; so mostly singular nouns, base forms of verbs, adjectives and adverbs. Words of one or two letters,
    function words and words with a capital that do not begin the text (names) stay. A synonym may have several words
    ("motor vehicle"), takes over capitals, and leaves marks and white space as they are. WordNet is read once a
    process, at the first text.

    Failure modes: the sense is the most usual one, whatever the text speaks of ("show" the verb for the one on
    television); "a car" becomes "a auto" without its n; so do words of other languages that look English.

    Args:
        rate: The probability of each word that has synonyms to be replaced, a fraction.
        folder: Where WordNet's files lie. `apt-get install wordnet-base` puts them under /usr/share/wordnet.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1.
        DataError: The folder lacks WordNet's files.

    Source:
        Wei & Zou 2019, EDA ("synonym replacement"). arXiv:1901.11196
        Gao et al. 2021, SimCSE, table 1 ("synonym replacement": 77.4 against dropout's 82.5). arXiv:2104.08821

    Example:
        augment: [{use: Synonyms, rate: 0.3}]
        # before: the dog runs after a big car
        # after: the domestic dog runs after a large car
    """

    papers = ("miller1995wordnet", "wei2019eda")

    rate: float = 0.3
    folder: str = FOLDER

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)
        refuse_absence(Path(self.folder).expanduser(), "data", "index")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some words replaced."""
        words, gaps = split_words(text)
        if not self.rate:
            return text
        synonyms = _synonyms(Path(self.folder).expanduser())
        for position, word in enumerate(words):
            before, core, behind = bare(word)
            others = synonyms.get(core.lower(), ()) if _is_common(core, position) else ()
            if others and rng.random() < self.rate:
                words[position] = before + in_case_of(rng.choice(others), core) + behind
        return join_words(words, gaps)


def _is_common(word: str, position: int) -> bool:
    """Say whether a word at a position of a text may have synonyms: no name and no function word."""
    return len(word) > 2 and word.lower() not in _STAY and (not position or word[0].islower())


@cache
def _synonyms(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the other words of what each word means most often; none that are written with a capital (names)."""
    words = {(synset.kind, synset.offset): synset.words for synset in read_synsets(folder)}
    found = {
        word: tuple(other for other in words[synset] if other.lower() != word and other[0].islower())
        for word, synset in main_senses(folder).items()
        if synset in words
    }
    return {word: others for word, others in found.items() if others}
