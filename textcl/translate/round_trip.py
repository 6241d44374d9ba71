"""There and back: texts through an engine into a pivot language and home again, each leg through the cache."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from textcl.seeds import derive
from textcl.translate.aligned import translate_aligned
from textcl.translate.cache import TranslationCache, key_of
from textcl.translate.engine import BEST, Decoding, Engine, Translation

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
        there = self._leg(texts, self.language, route.pivot, self.decoding, route.time)
        middle = ["" if translation is None else translation.text for translation in there]
        back = self._leg(middle, route.pivot, self.language, BEST, 0)
        return [_round_trip(route, *all_of) for all_of in zip(texts, there, back, strict=True)]

    def _leg(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding, time: int
    ) -> list[Translation | None]:
        version = self.engine.version(source, target)
        seed = derive(self.seed, "translate", time)
        keys = [key_of(version, source, target, decoding, seed, text) for text in texts]
        found = self.cache.find(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        made = translate_aligned(
            lambda part: self.engine.translate(part, source, target, decoding, derive(seed, _digest(part))),
            list(missing.values()),
        )
        new = {key: translation for key, translation in zip(missing, made, strict=True) if translation is not None}
        self.cache.add(new)
        known = found | new
        return [known.get(key) for key in keys]


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
