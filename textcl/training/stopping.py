"""Stop a run between two steps when the user asks for it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType


class Stopped(Exception):  # noqa: N818 (a person's wish, not an error)
    """The run was stopped by the user; its state is in the checkpoint."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(f"Stopped. The run goes on from {checkpoint} with --resume.")
        self.checkpoint = checkpoint


@dataclass
class StopRequest:
    """Whether the user has asked to stop."""

    wanted: bool = False


@contextmanager
def watched_signals() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C or SIGTERM into a request; a second one interrupts at once.

    Outside the main thread, where signals can not be watched, the request stays down.
    """
    request = StopRequest()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if request.wanted:
            raise KeyboardInterrupt
        request.wanted = True

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread
        before = {}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
