"""Where a verb writes its results: stdout, as wide as a table needs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textcl.report.progress import SafeConsole

_PLAIN_WIDTH = 140  # characters, where there is no terminal to ask


def results() -> SafeConsole:
    """Return the console for results; a table in a file is not cut to some terminal's width."""
    from textcl.report.progress import SafeConsole

    return SafeConsole(sys.stdout, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
