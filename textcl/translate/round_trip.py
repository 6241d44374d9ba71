"""There and back: texts through an engine into a pivot language and home again, each leg through the cache."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from textcl.errors import ModelError
from textcl.translate.engine import BEST, Decoding, Engine, MisalignedError, StoppedError, Translation, exact_code
from textcl.util.database import explained, open_database
from textcl.util.seeds import derive

_log = logging.getLogger(__name__)
_SHOWN = 60  # characters of a text in the log
_HOPELESS = 16  # texts that fail one by one, before any other has succeeded

Translate = Callable[[Sequence[str]], Sequence[Translation | None]]


def translate_aligned(translate: Translate, texts: Sequence[str]) -> list[Translation | None]:
    """Translate texts; where the output cannot be matched with them, each half is tried on its own, and so on.

    So one text that an engine stumbles over costs a few calls more, and its neighbours nothing. Blank texts are their
    own translations.

    Args:
        translate: The engine; it may raise `MisalignedError` or return too few or too many.
        texts: N texts.

    Returns:
        N translations; None for a text that fails alone.

    Raises:
        ModelError: One text after the other fails alone and none succeeds: the engine does not work.
    """
    found: list[Translation | None] = [None if text.strip() else Translation("") for text in texts]
    request = [position for position, text in enumerate(texts) if text.strip()]
    translations = _Halving(translate).translated([texts[position] for position in request])
    for position, translation in zip(request, translations, strict=True):
        found[position] = translation
    return found


class _Halving:
    """Translates, and counts what succeeds and fails."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate
        self._succeeded = self._failed = 0  # texts

    def translated(self, texts: Sequence[str]) -> list[Translation | None]:
        if not texts:
            return []
        try:
            found = self._translate(texts)
            if len(found) != len(texts):
                raise MisalignedError(f"{len(texts)} texts went in, {len(found)} translations came out")
        except MisalignedError as error:
            if len(texts) == 1:
                self._give_up(texts[0], error)
                return [None]
        else:
            self._succeeded += len(texts)
            return list(found)
        middle = len(texts) // 2
        return self.translated(texts[:middle]) + self.translated(texts[middle:])

    def _give_up(self, text: str, error: MisalignedError) -> None:
        self._failed += 1
        if self._failed == _HOPELESS and not self._succeeded:
            raise ModelError(
                f"The engine translates nothing: {_HOPELESS} texts failed one by one ({error})."
            ) from error
        _log.warning("Not translated (%s): %s", error, text[:_SHOWN])


_FORMAT = 1
_AT_ONCE = 500  # keys a look-up
_WAY_OUT = "Delete it: what it holds can be made again."
_TABLE = """CREATE TABLE IF NOT EXISTS translations
(key BLOB PRIMARY KEY, text TEXT NOT NULL, unknown INTEGER NOT NULL) WITHOUT ROWID"""


def key_of(version: str, source: str, target: str, decoding: Decoding, seed: int, text: str) -> bytes:
    """Digest all that decides a translation; the seed only counts where words are drawn."""
    drawn = seed if decoding.temperature is not None else 0
    parts = [_FORMAT, version, exact_code(source), exact_code(target), astuple(decoding), drawn, text]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()


class TranslationCache:
    """A database of translations: several processes may use it at once, and one that is killed leaves it whole.

    Args:
        path: The file; it is made where there is none.
        what: What messages call what is in it.

    Raises:
        DataError: It cannot be made, read or written, or is something else.
    """

    def __init__(self, path: Path, what: str = "translations") -> None:
        self._path, self._what = path, what
        with self._explained():
            self._database = open_database(path)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")  # a power cut may take the last batch, no more
            self._database.execute(_TABLE)
            self._database.execute("SELECT key, text, unknown FROM translations LIMIT 1").fetchone()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Translation]:
        """Return the translations that are here of some keys."""
        found = {}
        with self._explained():
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                request = f"SELECT key, text, unknown FROM translations WHERE key IN ({','.join('?' * len(part))})"  # noqa: S608
                for key, text, unknown in self._database.execute(request, part):
                    found[key] = Translation(text, unknown)
        return found

    def add(self, translations: Mapping[bytes, Translation]) -> None:
        """Keep translations, all of them or none."""
        rows = [(key, translation.text, translation.unknown) for key, translation in translations.items()]
        with self._explained():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR IGNORE INTO translations VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")

    def _explained(self) -> AbstractContextManager[None]:
        return explained(self._path, f"the cache of {self._what}", _WAY_OUT)


_LOOSE = re.compile(r" +([.,;:!?])(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Route:
    """Through which language a text goes, and which time: where words are drawn, each time gives another text."""

    pivot: str
    time: int = 0


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What came back of a text, and how many words the engine did not know on the way."""

    route: Route
    text: str | None  # None: the engine could not translate it
    unknown_forward: int = 0
    unknown_back: int = 0


@dataclass(frozen=True)
class Translator:
    """An engine with its cache.

    Args:
        engine: Translates what the cache does not hold.
        cache: Gets every translation as the engine gave it.
        language: The texts' own.
        decoding: Of the way there; the way back takes the best words.
        seed: Of the words that are drawn.
    """

    engine: Engine
    cache: TranslationCache
    language: str
    decoding: Decoding
    seed: int

    def round_trips(self, texts: Sequence[str], route: Route) -> list[RoundTrip]:
        """Translate texts there and back: round trip i is that of text i."""
        there = self.translate(texts, self.language, route.pivot, self.decoding, route.time)
        middle = ["" if translation is None else translation.text for translation in there]
        back = self.translate(middle, route.pivot, self.language, BEST, 0)
        return [_round_trip(route, *all_of) for all_of in zip(texts, there, back, strict=True)]

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding, time: int = 0
    ) -> list[Translation | None]:
        """Translate one way: translation i is that of text i; None: the engine could not.

        Args:
            texts: N texts.
            source: Their language.
            target: Another one.
            decoding: How words are chosen.
            time: Where words are drawn, each time gives another translation.
        """
        version = self.engine.version(source, target)
        seed = derive(self.seed, "translate", time)
        keys = [key_of(version, source, target, decoding, seed, text) for text in texts]
        found = self.cache.find(keys)
        missing = {text: key for text, key in zip(texts, keys, strict=True) if key not in found}

        def keep(made: Iterable[tuple[str, Translation | None]]) -> None:
            new = {missing[text]: translation for text, translation in made if translation is not None}
            self.cache.add(new)
            found.update(new)

        def make(part: Sequence[str]) -> Sequence[Translation | None]:
            try:
                return self.engine.translate(part, source, target, decoding, derive(seed, _digest(part)))
            except StoppedError as stopped:
                keep(zip(part, stopped.made, strict=True))
                raise stopped.cause from None

        keep(zip(missing, translate_aligned(make, list(missing)), strict=True))
        return [found.get(key) for key in keys]


def _round_trip(route: Route, source: str, there: Translation | None, back: Translation | None) -> RoundTrip:
    if there is None or back is None:
        return RoundTrip(route, None)
    return RoundTrip(route, _tidied(back.text, source), there.unknown, back.unknown)


def _tidied(text: str, source: str) -> str:
    """Put full stops where they belong, and begin as the source does: with a capital or without."""
    text = _LOOSE.sub(r"\1", " ".join(text.split()))
    if source[:1].isupper():
        return text[:1].upper() + text[1:]
    return text[:1].lower() + text[1:] if source[:1].islower() else text


def _digest(texts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(texts).encode("utf-8", "replace"), digest_size=8).hexdigest()
