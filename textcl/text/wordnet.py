"""WordNet as Debian's `wordnet-base` installs it: synsets, and what a word means most often.

The files are read where they lie, under /usr/share/wordnet; `man 5 wndb` and `man 5 senseidx` tell their format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError

FOLDER = "/usr/share/wordnet"
KINDS = ("noun", "verb", "adj", "adv")  # parts of speech, as the files are named
_TYPES = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}  # the number after % in a sense key
_MARKER = re.compile(r"\((?:a|p|ip)\)$")  # where an adjective may stand
_EXAMPLE = re.compile(r'"([^"]+)"?')
_HEAD = re.compile(r"\d{8} \d\d [nvasr] [0-9a-fA-F]{2} ")
_POINTERS = re.compile(r"\d{3}")  # how many there are, which follows the words


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning: the words that share it, what it is, and phrases that use them."""

    kind: str  # one of KINDS
    offset: int  # bytes into its data file; together with `kind` it names the synset
    words: tuple[str, ...]  # as they are written, "domestic dog", the most usual one first
    definition: str
    examples: tuple[str, ...]
    location: str  # file and line, for messages


def refuse_absence(folder: Path, *files: str) -> None:
    """Refuse a folder that lacks files of WordNet.

    Args:
        folder: Where they should lie.
        files: `data` or `index` or both: those are wanted for each part of speech.

    Raises:
        DataError: Names the missing ones, and says how to install them.
    """
    wanted = [f"{file}.{kind}" for file in files for kind in KINDS]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{folder}: no WordNet here; {', '.join(missing)} missing. On Debian and Ubuntu: apt-get install "
            f"wordnet-base, which puts the files under {FOLDER}. Else name the folder that holds them."
        )


def read_synsets(folder: Path) -> Iterator[Synset]:
    """Yield every synset, nouns first, in the order of the files.

    Raises:
        DataError: A file is missing, or a line of it is no synset.
    """
    refuse_absence(folder, "data")
    for kind in KINDS:
        for location, line in _lines(folder / f"data.{kind}"):
            yield _synset(kind, line, location)


def main_senses(folder: Path) -> dict[str, tuple[str, int]]:
    """Return the kind and offset of the synset that each word means most often, by the word in lower case.

    Words were counted in a corpus (`cntlist.rev`). One that was not has its first noun, else verb, adjective, adverb.

    Raises:
        DataError: A file is missing, or a line of it is not in WordNet's format.
    """
    refuse_absence(folder, "index")
    senses = {kind: dict(_senses(folder / f"index.{kind}")) for kind in KINDS}
    found = {word: (kind, senses[kind][word][0]) for kind in reversed(KINDS) for word in senses[kind]}
    counts: dict[str, int] = {}
    for word, kind, sense, count in _counts(folder / "cntlist.rev"):
        offsets = senses[kind].get(word, ())
        if sense <= len(offsets) and count > counts.get(word, 0):
            counts[word], found[word] = count, (kind, offsets[sense - 1])
    return found


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the location and the text of each line below the licence, whose lines begin with two blanks."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and not line.startswith("  "):
                yield f"{path}, line {number}", line


def _synset(kind: str, line: str, location: str) -> Synset:
    head, bar, gloss = line.partition("|")
    fields = head.split()
    if not bar or not _HEAD.match(head):
        raise DataError(f"{location}: found {line[:40]!r}, which is no line of WordNet's data files.")
    count = int(fields[3], 16)
    names = fields[4 : 4 + 2 * count : 2]  # a number stands behind each
    if not count or not _POINTERS.fullmatch(" ".join(fields[4 + 2 * count : 5 + 2 * count])):
        raise DataError(
            f"{location}: {count} words are announced, but so many are not there. Install wordnet-base again."
        )
    words = tuple(dict.fromkeys(_MARKER.sub("", name).replace("_", " ") for name in names))
    return Synset(kind, int(fields[0]), words, *_parts(gloss), location)


def _parts(gloss: str) -> tuple[str, tuple[str, ...]]:
    """Cut a gloss into its definition and the examples, which stand in quotation marks after a semicolon."""
    definition, mark, rest = gloss.strip().partition('; "')
    examples = _EXAMPLE.findall(f'"{rest}') if mark else []
    return definition.strip(" ;"), tuple(text.strip() for text in examples if text.strip(" ;,.-"))


def _senses(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each word of an index file with the offsets of its synsets, the most usual first."""
    for location, line in _lines(path):
        try:
            word, _, count, *rest = line.split()
            offsets = tuple(map(int, rest[-int(count) :]))
        except ValueError:
            raise DataError(f"{location}: found {line[:40]!r}, which is no line of WordNet's index files.") from None
        yield word.replace("_", " "), offsets


def _counts(path: Path) -> Iterator[tuple[str, str, int, int]]:
    """Yield word, kind, number of the sense (from 1) and how often it was met; nothing where the file is missing."""
    for location, line in _lines(path) if path.is_file() else ():
        try:
            key, sense, count = line.split()
            word, _, rest = key.partition("%")
            yield word.replace("_", " "), _TYPES[rest[:1]], int(sense), int(count)
        except (ValueError, KeyError):
            raise DataError(f"{location}: found {line[:40]!r}, which is no count of WordNet's cntlist.rev.") from None
