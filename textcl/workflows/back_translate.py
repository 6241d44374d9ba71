"""Texts of a file become pairs by back-translation: read, translated there and back, filtered, written."""

import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from textcl.errors import DataError, ModelError
from textcl.files.corpora import PlainTexts
from textcl.translate.engine import BEST, Decoding, Engine, exact_code, short_code
from textcl.translate.filters import PairFilter
from textcl.translate.round_trip import Route
from textcl.translate.work import Work, translated
from textcl.util.atomic import refuse_location
from textcl.util.cache import cache_folder
from textcl.util.progress import SILENT, Progress
from textcl.util.seeds import derive
from textcl.workflows.translated_pairs import (
    CosineRange,
    Judge,
    Judgement,
    PairWriter,
    Tally,
    rejected_file,
    written_pairs,
)

_SAMPLED = 10  # kept pairs that are shown
_USUAL_PIVOT = "eo"  # of Apertium: it keeps pronouns and the order of words


@dataclass(frozen=True)
class BackTranslation:
    """What is asked for.

    Args:
        texts: The file.
        out: Gets the pairs, JSONL.
        pivots: Languages to go through; none: Esperanto with Apertium.
        words: The filter by words, which knows the texts' language.
        cosines: The filter by cosine; None: none.
        engine: One of `textcl.translate.ENGINES`.
        model: Of a neural engine: Hub id or folder; None: its usual one.
        device: Of a neural engine; None: a GPU if there is one (CUDA or MPS), else the CPU.
        decoding: Of the way there; of the way back it is greedy.
        samples: Translations that are drawn by each pivot.
        seed: Of the words that are drawn.
        workers: Processes that translate.
        cache: The file of all translations; None: in the user's cache folder.
        force: Replace `out`, and the file of what was rejected beside it, where they are there already.
    """

    texts: PlainTexts
    out: Path
    pivots: tuple[str, ...] = ()
    words: PairFilter = field(default_factory=PairFilter)
    cosines: CosineRange | None = None
    engine: str = "apertium"
    model: str | None = None
    device: str | None = None
    decoding: Decoding = BEST
    samples: int = 1
    seed: int = 17
    workers: int = 1
    cache: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class TranslatedPairs:
    """What back-translation leaves."""

    tally: Tally
    sample: tuple[Judgement, ...]  # kept pairs, drawn from all
    rejected: Path
    cache: Path
    seconds: float  # of translating, filtering and writing


def back_translate(request: BackTranslation, progress: Progress = SILENT) -> TranslatedPairs:
    """Translate the texts of a file into each pivot and back, and write what makes good pairs.

    The file has a row for each text that has any: `text`, `translations` (a list), their `pivots` and the `engine`.
    Beside it lies what was not kept, with the reasons. Both appear whole or not at all.

    Args:
        asked: What to do.
        progress: Gets the progress.

    Raises:
        TextclError: Something that the user can mend; translations stay in the cache, and the same command goes on.
    """
    _check_out(request)
    engine = open_engine(request.engine, request.model, request.device)
    routes = _routes(request, engine)
    opening = partial(open_engine, request.engine, request.model, request.device)
    cache = request.cache or cache_folder("translations") / "translations.sqlite"
    work = Work(opening, cache, routes, request.words.language, request.decoding, request.seed)
    judge = Judge(request.words, request.cosines)
    progress.phase("Reading")
    progress.phase("Back-translating", sum(1 for _ in request.texts))
    begun, tally, sample = time.monotonic(), Tally(), _Sample(request.seed)
    with written_pairs(request.out, request.engine) as writer:
        batches = _batches(_Suited(request, tally, writer, progress), engine.batch)
        for batch, trips in translated(work, batches, request.workers):
            for judgements in judge(batch, trips):
                tally.count(judgements)
                writer.write(judgements)
                sample.add(judgements)
            progress.advance(len(batch))
    return TranslatedPairs(tally, tuple(sample.drawn), rejected_file(request.out), cache, time.monotonic() - begun)


class _Suited:
    """The texts that are worth translating, each once; the others are counted and written down with the reason."""

    def __init__(self, request: BackTranslation, tally: Tally, writer: PairWriter, progress: Progress) -> None:
        self._texts, self._words = request.texts, request.words
        self._tally, self._writer, self._progress = tally, writer, progress

    def __iter__(self) -> Iterator[str]:
        seen: set[bytes] = set()
        for text in self._texts:
            self._tally.rows += 1
            digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
            reason = self._words.unsuited(text)
            if digest not in seen and reason is None:
                seen.add(digest)
                yield text
                continue
            if reason is None:
                self._tally.duplicates += 1
            else:
                self._tally.unsuited[reason] += 1
                self._writer.write_unsuited(text, reason)
            self._progress.advance(1)


class _Sample:
    """A random sample of the kept pairs, whatever their number."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(derive(seed, "sample of pairs"))
        self._seen = 0
        self.drawn: list[Judgement] = []

    def add(self, judgements: list[Judgement]) -> None:
        for judgement in judgements:
            if judgement.reason is not None:
                continue
            self._seen += 1
            location = self._rng.randrange(self._seen)
            if len(self.drawn) < _SAMPLED:
                self.drawn.append(judgement)
            elif location < _SAMPLED:
                self.drawn[location] = judgement


def _check_out(request: BackTranslation) -> None:
    if request.out.suffix != ".jsonl":
        raise DataError(f"{request.out}: the pairs are written as JSONL; name a file that ends in .jsonl.")
    for file in (request.out, rejected_file(request.out)):
        refuse_location(file, force=request.force, read=[request.texts.path])


def _routes(request: BackTranslation, engine: Engine) -> list[Route]:
    """Return where each text goes: through every pivot, as often as translations are drawn."""
    if engine.by_rules and (request.samples > 1 or request.decoding != BEST):
        raise DataError(
            f"{engine.name} translates by rules: a text has one translation. Leave samples, temperature and beams out, "
            "and name several pivots instead."
        )
    if request.samples > 1 and request.decoding.temperature is None:
        raise DataError("Several samples of a text differ only where words are drawn: give a temperature, such as 0.7.")
    pivots = request.pivots or ((_USUAL_PIVOT,) if engine.by_rules else ())
    if not pivots:
        raise DataError(f"Name the languages that {engine.name} shall go through: --pivot de --pivot fr.")
    if short_code(request.words.language) in map(short_code, pivots):
        raise DataError(f"The texts are in {request.words.language!r} already; it cannot be a pivot.")
    distinct = {exact_code(pivot): pivot for pivot in pivots}.values()
    return [Route(pivot, time) for pivot in distinct for time in range(request.samples)]


def _batches(texts: _Suited, size: int) -> Iterator[list[str]]:
    left = iter(texts)
    while batch := list(islice(left, size)):
        yield batch


ENGINES = ("apertium", "marian", "ctranslate2", "m2m100", "nllb")
_MANY = {"m2m100": "facebook/m2m100_418M", "nllb": "facebook/nllb-200-distilled-600M"}


def open_engine(name: str, model: str | None = None, device: str | None = None) -> Engine:
    """Open an engine; its models are loaded when they are first asked for.

    Args:
        name: One of `ENGINES`.
        model: Hub id or folder; None: the engine's usual model.
        device: Where a neural engine works; None: a GPU if there is one (CUDA or MPS), else the CPU.

    Raises:
        ModelError: The engine takes no model, or needs one.
    """
    if name == "apertium":
        from textcl.translate.apertium import Apertium

        if model or device:
            raise ModelError("Apertium translates by rules, on the CPU; it takes neither a model nor a device.")
        return Apertium()
    if name == "marian":
        from textcl.translate.seq2seq import HELSINKI, Marian

        return Marian(model or HELSINKI, device)
    if name == "ctranslate2":
        from textcl.translate.ctranslate2 import CTranslate2

        if model is None:
            raise ModelError("CTranslate2 needs a converted model: name its folders, opus-mt-{source}-{target}.")
        return CTranslate2(model, device)
    if name in _MANY:
        from textcl.translate.seq2seq import ManyToMany

        return ManyToMany(name, model or _MANY[name], device)
    raise ModelError(f"There is no engine {name!r}; there are {', '.join(ENGINES)}.")
