"""WordNet as a source: terms with their glosses, glosses with examples of use, or terms with their synonyms."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

from textcl.errors import DataError
from textcl.text.wordnet import FOLDER, Synset, read_synsets
from textcl.types.text import Example
from textcl.util.cache import fingerprint_of

Relation = Literal["gloss", "example", "synonym"]
_Related = Iterator[tuple[str, str, str]]  # anchor, positive, location


class WordNet:
    """Pairs from the files of WordNet, as Debian's package `wordnet-base` installs them.

    What one anchor is related to, in all its senses, are the positives of one row, so that no batch takes one of them
    for its negative. The rows are held in memory.

    Args:
        relation: `gloss`: a term and the definitions of its senses; `example`: a definition and sentences in which the
            sense is used; `synonym`: a term and others that share a sense with it.
        path: The folder of `data.noun`, `data.verb`, `data.adj` and `data.adv`.

    Raises:
        DataError: A file is missing or faulty.

    Source:
        Miller 1995, WordNet: A Lexical Database for English; the format is that of the manual page wndb(5WN).

    Example:
        data:
          sources:
            - {use: WordNet, relation: gloss}
    """

    papers = ("miller1995wordnet",)

    def __init__(self, relation: Relation = "gloss", path: str = FOLDER) -> None:
        self._rows: dict[str, dict[str, None]] = defaultdict(dict)  # an anchor's positives, in the order of the files
        locations: dict[str, str] = {}
        for anchor, positive, location in _RELATIONS[relation](read_synsets(Path(path).expanduser())):
            self._rows[anchor][positive] = None
            locations.setdefault(anchor, location)
        if not self._rows:
            raise DataError(f"{path}: found no pairs for relation '{relation}'.")
        self._anchors, self._locations = list(self._rows), locations

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return fingerprint_of(self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._anchors)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        anchor = self._anchors[row]
        return Example(row, anchor, tuple(self._rows[anchor]))

    def location(self, row: int) -> str:
        """Name the file and the line of the first sense, and the anchor."""
        anchor = self._anchors[row]
        return f"{self._locations[anchor]} ({anchor[:40]})"


def _glosses(synsets: Iterable[Synset]) -> _Related:
    return ((term, synset.definition, synset.location) for synset in synsets for term in synset.words)


def _examples(synsets: Iterable[Synset]) -> _Related:
    return ((synset.definition, example, synset.location) for synset in synsets for example in synset.examples)


def _synonyms(synsets: Iterable[Synset]) -> _Related:
    return (
        (term, other, synset.location)
        for synset in synsets
        for term in synset.words
        for other in synset.words
        if other.casefold() != term.casefold()
    )


_RELATIONS: dict[Relation, Callable[[Iterable[Synset]], _Related]] = {
    "gloss": _glosses,
    "example": _examples,
    "synonym": _synonyms,
}
