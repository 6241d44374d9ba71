"""What an evaluation shows while it goes on, on stderr: a bar a task in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from textcl.util.progress import ScoreWatcher

_PAUSE = 10.0  # seconds between two plain lines of a task


@contextmanager
def watching() -> Iterator[ScoreWatcher]:
    """Yield the watcher that suits the place where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainWatcher()
        return
    bar, count, left = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    rate = TextColumn("{task.fields[note]}")
    with Progress(TextColumn("{task.description}"), bar, count, rate, left, console=console) as progress:
        watcher = LiveWatcher(progress)
        yield watcher
        watcher.end_task()


class _Pace:
    """The texts of a task: how many there are so far, how many are done, since when.

    A task embeds queries and documents in turn, so their total grows when it asks for more.
    """

    def __init__(self, name: str) -> None:
        self.name, self.total, self.done = name, 0, 0
        self.seconds = 0.0  # of embedding
        self._since: float | None = None

    def add(self, count: int) -> None:
        """Count texts that are about to be embedded."""
        self.total += count
        self._since = time.monotonic()

    def finish(self, count: int) -> None:
        """Count texts that were just embedded."""
        now = time.monotonic()
        self.seconds += 0.0 if self._since is None else now - self._since
        self._since, self.done = now, self.done + count

    @property
    def rate(self) -> str:
        """Texts a second while texts were embedded: `1,234 texts/s`; empty before any."""
        return f"{self.done / self.seconds:,.0f} texts/s" if self.seconds > 0 else ""


class LiveWatcher:
    """Shows each task as a bar: texts embedded of how many, how fast, and what is left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar: TaskID | None = None
        self._pace = _Pace("")

    def task(self, name: str) -> None:
        """Fill the bar of the task before, and begin one."""
        self.end_task()
        self._pace = _Pace(name)
        self._bar = self._progress.add_task(f"Scoring {name}", total=None, note="")

    def end_task(self) -> None:
        """Fill the bar; a task whose vectors were all there has none to fill."""
        if self._bar is not None:
            total = max(1, self._pace.total)
            self._progress.update(self._bar, total=total, completed=total)

    def missing(self, count: int) -> None:
        """Make the bar longer."""
        self._pace.add(count)
        if self._bar is not None and self._pace.total:
            self._progress.update(self._bar, total=self._pace.total)

    def texts(self, count: int) -> None:
        """Move the bar."""
        self._pace.finish(count)
        if self._bar is not None:
            self._progress.update(self._bar, completed=self._pace.done, note=self._pace.rate)


class PlainWatcher:
    """Prints a line when a task begins, and one every ten seconds while texts are embedded, for logs."""

    def __init__(self) -> None:
        self._pace = _Pace("")
        self._spoke = 0.0

    def task(self, name: str) -> None:
        """Print the task."""
        self._pace = _Pace(name)
        self._spoke = time.monotonic()
        typer.echo(f"Scoring {name}", err=True)

    def missing(self, count: int) -> None:
        """Count them for the next line."""
        self._pace.add(count)

    def texts(self, count: int) -> None:
        """Print how far the task is, if some time has passed."""
        self._pace.finish(count)
        now = time.monotonic()
        if now - self._spoke >= _PAUSE:
            self._spoke = now
            pace = self._pace
            typer.echo(f"Scoring {pace.name}: {pace.done:,} of {pace.total:,} texts, {pace.rate}", err=True)
