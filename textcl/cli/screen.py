"""Where a verb writes: results to stdout, what passes by to stderr."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PLAIN_WIDTH = 140  # characters, where there is no terminal to ask


def results() -> Console:
    """Return the console for results; a table in a file is not cut to some terminal's width."""
    return Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def status() -> Progress:
    """Return a bar that leaves no trace, and shows nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
