"""Hands on what retrieval finds to whoever listens: a score does not need it, a report does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Ranking = Mapping[str, Mapping[str, float]]  # query id -> document id -> cosine, best first
Listener = Callable[[str, Ranking], None]


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a function hear the name and the ranking of every retrieval task that runs within a block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(task: str, ranking: Ranking) -> None:
    """Tell who listens, if anybody does, what the queries of a task found."""
    _listener.get()(task, ranking)


def _nobody(task: str, ranking: Ranking) -> None: ...


_listener: ContextVar[Listener] = ContextVar("listener", default=_nobody)
