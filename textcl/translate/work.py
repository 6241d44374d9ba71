"""Batches of texts through an engine, in this process or in several, in their order and with the same result."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import TextclError
from textcl.translate.engine import Decoding, Engine
from textcl.translate.round_trip import RoundTrip, Route, TranslationCache, Translator
from textcl.util.processes import end_workers, in_order, open_pool

_WAITING = 2  # batches a worker that are sent ahead


@dataclass(frozen=True)
class Work:
    """All that a process needs to know; it is sent to each worker.

    Args:
        open_engine: Opens the engine; a function that can be pickled.
        cache: The file of the cache.
        routes: Where every text goes.
        language: The texts' own.
        decoding: Of the way there.
        seed: Of the words that are drawn.
    """

    open_engine: Callable[[], Engine]
    cache: Path
    routes: Sequence[Route]
    language: str
    decoding: Decoding
    seed: int

    def worker(self) -> Callable[[Sequence[str]], list[list[RoundTrip]]]:
        """Open engine and cache, and return what translates a batch: for each text its round trips, one a route."""
        cache = TranslationCache(self.cache)
        translator = Translator(self.open_engine(), cache, self.language, self.decoding, self.seed)

        def translate(texts: Sequence[str]) -> list[list[RoundTrip]]:
            by_route = [translator.round_trips(texts, route) for route in self.routes]
            return [list(trips) for trips in zip(*by_route, strict=True)]

        return translate


def translated(
    work: Work, batches: Iterable[Sequence[str]], workers: int = 1
) -> Iterator[tuple[Sequence[str], list[list[RoundTrip]]]]:
    """Yield each batch with the round trips of its texts, in their order.

    Batches are translated as they come in, so the same batches give the same translations with any number of workers,
    and a stopped run that goes on gives those of a run that was not stopped.

    Args:
        work: What to do.
        batches: Texts, as many at once as the engine likes.
        workers: Processes that translate; 1: this one.

    Raises:
        TextclError: The engine, the cache or a worker fails; what was translated is in the cache.
    """
    if workers == 1:
        translate = work.worker()
        for batch in batches:
            yield batch, translate(batch)
        return
    # Neither torch's threads nor SQLite's files survive a fork.
    with open_pool(workers, "spawn", _begin, work) as pool:
        try:
            yield from in_order(pool, _translate, batches, _WAITING * workers)
        except BrokenProcessPool as error:
            raise TextclError(
                "A worker process died; perhaps memory ran out. What was translated is kept: the same command goes on."
            ) from error
        except BaseException:  # Ctrl-C, an error of one batch, or whoever asks for the batches went away
            end_workers(pool)
            raise


_work: Work | None = None  # of this worker process
_opened: Callable[[Sequence[str]], list[list[RoundTrip]]] | None = None


def _begin(work: Work) -> None:
    global _work
    _work = work


def _translate(texts: Sequence[str]) -> list[list[RoundTrip]]:
    """Translate a batch; the engine is opened here, since what fails in an initializer is not handed on."""
    global _opened
    if _opened is None:
        assert _work is not None, "the pool begins each worker"
        _opened = _work.worker()
    return _opened(texts)
