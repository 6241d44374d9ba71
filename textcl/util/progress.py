"""Who is told of the progress of a run."""

from typing import Protocol

from textcl.types.protocols import StepLog


class EmbedWatcher(Protocol):
    """Is told how far the embedding of texts is, to show it."""

    def missing(self, count: int) -> None:
        """So many texts, over all ranks, are about to be embedded; others came from the cache."""
        ...

    def texts(self, count: int) -> None:
        """So many more texts were embedded."""
        ...


class ScoreWatcher(EmbedWatcher, Protocol):
    """Is told what an evaluation does, to show it. Only rank 0 tells."""

    def task(self, name: str) -> None:
        """A task begins."""
        ...


class IndexWatcher(Protocol):
    """Is told what indexing does, to show it. Only rank 0 tells."""

    def phase(self, name: str, total: int | None, done: int) -> None:
        """A part of the work begins, of so many texts if that is known, with so many of them done earlier."""
        ...

    def texts(self, count: int) -> None:
        """So many more texts are done."""
        ...


class Watcher(Protocol):
    """Is told what a run does, to show it. Only rank 0 tells."""

    def phase(self, name: str) -> None:
        """A part of the run begins: `Scoring the encoder before training: scifact`, `Training`."""
        ...

    def texts(self, count: int) -> None:
        """So many more texts were embedded for an evaluation."""
        ...

    def step(self, entry: StepLog) -> None:
        """A step of training was done."""
        ...

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """The encoder was scored on the way: `task/metric` -> score."""
        ...


class Silent:
    """The watcher of the other ranks."""

    def phase(self, name: str) -> None:
        """Say nothing."""

    def texts(self, count: int) -> None:
        """Say nothing."""

    def step(self, entry: StepLog) -> None:
        """Say nothing."""

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Say nothing."""
