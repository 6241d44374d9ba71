"""Keep what exporters print to themselves: bars, tables, warnings of their own insides."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout


@contextmanager
def hushed() -> Iterator[None]:
    """Hide for a block all that is printed, warned and logged below an error, and undo changes of the root logger."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers, level = list(root.handlers), root.level
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers  # one quantizer adds a handler when it is imported
        root.setLevel(level)
