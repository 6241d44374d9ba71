"""Where a verb writes: results to stdout, what passes by to stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

_PLAIN_WIDTH = 140  # characters, where there is no terminal to ask


def results() -> Console:
    """Return the console for results; a table in a file is not cut to some terminal's width."""
    return Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def status(*more: ProgressColumn) -> Progress:
    """Return a bar that leaves no trace, and shows nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *more, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def counting() -> Iterator["Counter"]:
    """Yield what counts the texts of a long work, phase by phase: a bar with rate and time left, or a line a phase."""
    with status(Rate()) as progress:
        yield Counter(progress)


class Counter:
    """Shows each phase of a work as a bar; where stderr is no terminal, as a line."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def phase(self, name: str, total: int | None, done: int) -> None:
        """End the bar of the phase before, and begin one."""
        if self._progress.disable:
            earlier = f", {done:,} of them done before" if done else ""
            print(name if total is None else f"{name}: {total:,} texts{earlier}", file=sys.stderr, flush=True)
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(name, total=total, completed=done)

    def texts(self, count: int) -> None:
        """Move the bar."""
        if self._progress.task_ids:
            self._progress.advance(self._progress.task_ids[-1], count)


class Rate(ProgressColumn):
    """Texts a second."""

    def render(self, task: Task) -> Text:
        """Return the speed of the last half minute."""
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")
