"""What a run shows while it goes on: a live bar in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from textcl.cli.screen import results
from textcl.distributed import join_ranks
from textcl.report.comparisons import comparison_table
from textcl.types.protocols import StepLog
from textcl.util.progress import Watcher
from textcl.workflows.run.folder import Outcome

_LINES = 20  # plain lines that a run prints of its steps
_WAITING = 0.02  # the share of a step's time that is worth a word


@contextmanager
def watching() -> Iterator[Watcher]:
    """Yield the watcher that suits the place where stdout goes."""
    if not sys.stdout.isatty():
        yield PlainWatcher()
        return
    bar, count, left = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(TextColumn("{task.description}"), bar, count, left, TextColumn("{task.fields[note]}")) as progress:
        watcher = LiveWatcher(progress)
        yield watcher
        watcher.end_phase()


class LiveWatcher:
    """Shows each phase of a run as a bar, and the figures of the newest step beside it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._trains = False

    def phase(self, name: str) -> None:
        """End the bar of the phase before, and begin one."""
        self.end_phase()
        self._task = self._progress.add_task(name, total=None, note="")
        self._trains = False

    def end_phase(self) -> None:
        """Fill the bar of the phase, which may not have known its length."""
        if self._task is not None:
            self._progress.update(self._task, total=self._progress.tasks[self._task].completed)

    def texts(self, count: int) -> None:
        """Count texts; how many there will be is not known. Scores on the way leave the bar of the training alone."""
        if self._task is not None and not self._trains:
            self._progress.update(self._task, advance=count, note="texts")

    def step(self, entry: StepLog) -> None:
        """Move the bar of the training."""
        assert self._task is not None, "a run names its phases"
        if not self._trains:  # a run that goes on starts in the middle, which says nothing of its speed
            self._progress.reset(self._task, total=entry.steps, completed=entry.step - 1)
            self._trains = True
        self._progress.update(self._task, completed=entry.step, note=figures(entry))

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Print the scores above the bars."""
        self._progress.console.print(_scores(step, scores))


class PlainWatcher:
    """Prints a line a phase and some twenty lines of steps, for logs."""

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None  # seconds, steps done

    def phase(self, name: str) -> None:
        """Print the phase."""
        print(name, flush=True)

    def texts(self, count: int) -> None:
        """Say nothing: texts pass by too fast for lines."""

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
            print(line, flush=True)

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Print the scores."""
        print(_scores(step, scores), flush=True)


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


def show_outcome(outcome: Outcome) -> None:
    """Print the scores before and after a run side by side, and where its model lies; on the first process only."""
    if not join_ranks().is_main:
        return
    if outcome.difference:
        results().print(comparison_table(outcome.before, outcome.after, outcome.difference))
    print(f"The model is in {outcome.folder / 'model'}")


def _scores(step: int, scores: dict[str, float]) -> str:
    return f"step {step}  " + "  ".join(f"{name} {100 * score:.2f}" for name, score in scores.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
