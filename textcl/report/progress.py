"""Shows how far long work is: live bars in a terminal or notebook, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Screen
from rich.segment import Segment

from textcl.types.protocols import StepLog
from textcl.util.progress import SILENT, Progress
from textcl.util.visible import raw, visible


class SafeConsole(Console):
    """Reads no markup in texts and shows their control characters; its own styles and bars stay.

    Args:
        stream: stdout or stderr.
        width: In characters; None: that of the terminal.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        super().__init__(file=raw(stream), width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the pieces of what is shown."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


_LINES = 20  # plain lines of the steps of a run
_PAUSE = 10.0  # seconds between two plain lines of a phase, at least
_PAUSE_SHARE = 0.05  # of the time that a phase has taken: the lines of a long one become rare
_WAITING = 0.02  # the share of a step's time that is worth a word


@contextmanager
def show_progress(stream: TextIO, *, keeps: bool = True) -> Iterator[Progress]:
    """Yield the progress that suits where a stream goes.

    Args:
        stream: stdout or stderr.
        keeps: Leave the bars of phases that are done on the screen.
    """
    console = SafeConsole(stream)
    if not _is_live(console):
        yield PlainLines(stream)
        return
    bar, count, left = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    columns = (
        TextColumn("{task.description}", markup=False),
        bar,
        count,
        left,
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Screen(*columns, console=console, transient=not keeps) as screen:
        bars = LiveBars(screen, keeps=keeps)
        yield bars
        bars.end_phase()


@contextmanager
def progress_of(progress: bool | Progress, stream: TextIO) -> Iterator[Progress]:
    """Yield what a caller from Python asks for: True shows bars or lines on a stream, False is silent."""
    if isinstance(progress, Progress):
        yield progress
    elif progress:
        with show_progress(stream) as shown:
            yield shown
    else:
        yield SILENT


def _is_live(console: Console) -> bool:
    """Say whether bars can move there; in a notebook that takes ipywidgets."""
    return console.is_terminal and not (console.is_jupyter and find_spec("ipywidgets") is None)


class LiveBars(Progress):
    """A bar a phase, with the rate of its texts or the figures of the newest step beside it.

    Args:
        screen: Its columns use the field `note`.
        keeps: Leave the bars of phases that are done.
    """

    def __init__(self, screen: Screen, *, keeps: bool = True) -> None:
        self._screen, self._keeps = screen, keeps
        self._bar: TaskID | None = None
        self._pace = _Pace("")
        self._trains = False

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        """End the bar of the phase before, and begin one."""
        self.end_phase()
        self._pace, self._trains = _Pace(name, total, done, unit), False
        self._bar = self._screen.add_task(name, total=total, completed=done, note="")

    def end_phase(self) -> None:
        """Fill the bar, or take it away."""
        if self._bar is None:
            return
        if self._keeps:
            total = max(1, int(self._screen.tasks[-1].completed))
            self._screen.update(self._bar, total=total, completed=total)
        else:
            self._screen.remove_task(self._bar)

    def expect(self, count: int) -> None:
        """Make the bar longer; scores during training leave its bar alone."""
        self._pace.expect(count)
        if self._bar is not None and self._pace.total and not self._trains:
            self._screen.update(self._bar, total=self._pace.total)

    def advance(self, count: int) -> None:
        """Move the bar; scores during training leave its bar alone."""
        self._pace.advance(count)
        if self._bar is not None and not self._trains:
            self._screen.update(self._bar, completed=self._pace.done, note=self._pace.rate)

    def step(self, entry: StepLog) -> None:
        """Move the bar of the training."""
        assert self._bar is not None, "a run names its phases"
        if not self._trains:  # a run that goes on starts in the middle, which says nothing of its speed
            self._screen.reset(self._bar, total=entry.steps, completed=entry.step - 1)
            self._trains = True
        self._screen.update(self._bar, completed=entry.step, note=figures(entry))

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Print the scores above the bars."""
        self._screen.console.print(_score_line(step, scores))


class PlainLines(Progress):
    """A line a phase, one now and then while a phase is long, and some twenty lines of steps, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pace = _Pace("")
        self._start: tuple[float, int] | None = None  # of the training: seconds, steps done

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        """Print the phase, and what there is to do."""
        self._pace, self._start = _Pace(name, total, done, unit), None
        earlier = f", {done:,} of them done before" if done else ""
        self._print(name if total is None else f"{name}: {total:,} {unit}{earlier}")

    def expect(self, count: int) -> None:
        """Count them for the next line."""
        self._pace.expect(count)

    def advance(self, count: int) -> None:
        """Print how far the phase is, if some time has passed; scores during training are silent."""
        self._pace.advance(count)
        if self._start is None and self._pace.is_time():
            self._print(self._pace.line)

    def step(self, entry: StepLog) -> None:
        """Print the first step, the last, and some between."""
        first = self._start is None
        start, done = self._start = self._start or (time.monotonic(), entry.step)
        every = max(1, entry.steps // _LINES)
        if first or entry.step % every == 0 or entry.step == entry.steps:
            line = f"step {entry.step}/{entry.steps}  {figures(entry)}"
            if entry.step > done:
                seconds = (time.monotonic() - start) / (entry.step - done) * (entry.steps - entry.step)
                line += f"  {_clock(seconds)} left"
            self._print(line)

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Print the scores."""
        self._print(_score_line(step, scores))

    def _print(self, line: str) -> None:
        with suppress(OSError):  # who reads it has gone, or its disk is full: the work is worth more
            self._stream.write(f"{line}\n")
            self._stream.flush()


class _Pace:
    """A phase: how much of it is done, of how much, since when.

    An evaluation embeds queries and documents in turn, so its total grows when it expects more.
    """

    def __init__(self, name: str, total: int | None = None, done: int = 0, unit: str = "texts") -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = self._before = done
        self._grows = total is None
        self._seconds = 0.0  # of work; not of searching between two times of embedding
        self._began = self._since = self._spoke = time.monotonic()

    def expect(self, count: int) -> None:
        if self._grows:
            self.total = (self.total or 0) + count
        self._since = time.monotonic()

    def advance(self, count: int) -> None:
        now = time.monotonic()
        self._seconds += now - self._since
        self._since, self.done = now, self.done + count

    def is_time(self) -> bool:
        """Say whether the last line is long enough ago for another."""
        now = self._since
        if now - self._spoke < max(_PAUSE, _PAUSE_SHARE * (now - self._began)):
            return False
        self._spoke = now
        return True

    @property
    def rate(self) -> str:
        """`1,234 texts/s`; empty before any time has passed."""
        return f"{(self.done - self._before) / self._seconds:,.0f} {self.unit}/s" if self._seconds > 0 else ""

    @property
    def line(self) -> str:
        of_all = f" of {self.total:,}" if self.total else ""
        return f"{self.name}: {self.done:,}{of_all} {self.unit}, {self.rate}"


def figures(entry: StepLog) -> str:
    """Return what was measured at a step, in a line."""
    named = ", ".join(f"{name} {value:.4f}" for name, value in entry.terms.items())
    terms = f" ({named})" if named else ""
    source = f"{entry.source}  " if entry.source else ""
    waiting = f"  {entry.waiting_share:.0%} waiting for data" if entry.waiting_share >= _WAITING else ""
    return (
        f"{source}loss {entry.loss:.4f}{terms}  {entry.rows_per_second:,.0f} rows/s  "
        f"{entry.tokens_per_second:,.0f} tokens/s  {entry.padding_share:.0%} padding{waiting}  "
        f"learning rate {entry.learning_rate:.1e}"
    )


def _score_line(step: int, scores: dict[str, float]) -> str:
    return f"step {step}  " + "  ".join(f"{name} {100 * score:.2f}" for name, score in scores.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
