"""The synsets of WordNet's data files, whose format is that of the manual page wndb(5WN)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.data.lines import read_lines
from textcl.errors import DataError

_PARTS = ("noun", "verb", "adj", "adv")
_MARKER = re.compile(r"\((?:a|p|ip)\)$")  # where an adjective may stand
_EXAMPLE = re.compile(r'"([^"]+)"?')
_COUNT = re.compile(r"\d{3}")
_HEAD = re.compile(r"\d{8} \d\d [nvasr] [0-9a-fA-F]{2} ")


@dataclass(frozen=True, slots=True)
class Synset:
    """One sense: the terms that share it, what it is, and sentences in which it is used."""

    place: str
    terms: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]


def read_synsets(path: str) -> Iterator[Synset]:
    """Yield the synsets of all parts of speech.

    Raises:
        DataError: A file is missing, or a line of it is no synset.
    """
    folder = Path(path).expanduser()
    files = [folder / f"data.{part}" for part in _PARTS]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise DataError(
            f"{folder}: no WordNet here; {', '.join(missing)} missing. On Debian and Ubuntu: "
            "apt-get install wordnet-base. Else name the folder of the files with `path`."
        )
    for file in files:
        for number, line in read_lines(file):
            place = f"{file}, line {number}"
            if not _is_licence(line):
                yield _synset(line, place)


def _is_licence(line: str) -> bool:
    """Say whether a line is of the licence at the top, whose lines are numbered; a synset begins with 8 digits."""
    return not re.match(r"\d{8} ", line) and re.match(r"\d{1,3}(?: |$)", line) is not None


def _synset(line: str, place: str) -> Synset:
    head, bar, gloss = line.partition("|")
    fields = head.split()
    if not bar or not _HEAD.match(head):
        raise DataError(f"{place}: not a line of a WordNet data file as wndb(5WN) has them: {line[:40]}…")
    count = int(fields[3], 16)
    terms = fields[4 : 4 + 2 * count : 2]  # each is followed by its sense number
    if not count or not _COUNT.fullmatch(" ".join(fields[4 + 2 * count : 5 + 2 * count])):  # of pointers, after them
        raise DataError(f"{place}: {count} terms are announced, but so many are not there. Install wordnet-base again.")
    definition, examples = _parts(gloss)
    return Synset(place, tuple(dict.fromkeys(map(_readable, terms))), definition, examples)


def _readable(term: str) -> str:
    return _MARKER.sub("", term).replace("_", " ")


def _parts(gloss: str) -> tuple[str, tuple[str, ...]]:
    """Cut a gloss into its definition and the examples, which stand in quotation marks after a semicolon."""
    definition, mark, rest = gloss.strip().partition('; "')
    examples = _EXAMPLE.findall(f'"{rest}') if mark else []
    return definition.strip(" ;"), tuple(text.strip() for text in examples if text.strip(" ;,.-"))
