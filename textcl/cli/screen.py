"""Where a verb writes its results: stdout, as wide as a table needs, and files that it was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from textcl.report.progress import SafeConsole

_PLAIN_WIDTH = 140  # characters, where there is no terminal to ask


def results() -> SafeConsole:
    """Return the console for results; a table in a file is not cut to some terminal's width."""
    from textcl.report.progress import SafeConsole

    return SafeConsole(sys.stdout, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def check_results(*files: Path | None, read: Iterable[str | None] = ()) -> None:
    """Make sure that files of results can be written, before the work.

    Args:
        files: Each is replaced where it exists; None: none was asked for.
        read: Words of the command line that name what is read, as `sts:FILE` does too; they are never replaced.

    Raises:
        DataError: A file is what is read.
        WriteError: A file cannot be written.
    """
    from pathlib import Path

    from textcl.util.atomic import refuse_location

    words = [word for word in read if word]
    parts = [part for word in words for part in (word, *word.partition(":")[2].split(",")) if part]
    for file in files:
        if file is not None:
            refuse_location(file, force=True, read=[Path(part) for part in parts])
