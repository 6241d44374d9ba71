"""How long work reports how far it is: one protocol, silent unless somebody shows it."""

from textcl.types.protocols import StepLog


class Progress:
    """Gets the progress of long work, phase by phase; this one shows nothing, and those that show something extend it.

    Only rank 0 of a launch reports; the other ranks report to `SILENT`.
    """

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        """A part of the work begins.

        Args:
            name: `Embedding`, `Scoring scifact`.
            total: What there is to do, in units; None: not known yet, or known bit by bit, from `expect`.
            done: Units that were done before.
            unit: What is counted.
        """

    def expect(self, count: int) -> None:
        """So many more texts are about to be embedded; a phase that knows its total keeps that."""

    def advance(self, count: int) -> None:
        """So many more units are done."""

    def step(self, entry: StepLog) -> None:
        """A step of training is done."""

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """The encoder was scored while it trains: `task/metric` -> score."""


SILENT = Progress()
