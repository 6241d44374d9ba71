"""Keep transformers from printing what we check ourselves."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Hide, for a block, the progress bars of transformers and its report of weights that a model did not take."""
    logger = logging.getLogger("transformers.modeling_utils")
    was_quiet = _is_no_report in logger.filters
    logger.addFilter(_is_no_report)
    try:
        with without_bars():
            yield
    finally:
        if not was_quiet:  # else a block around this one is still to be quiet
            logger.removeFilter(_is_no_report)


@contextmanager
def without_bars() -> Iterator[None]:
    """Hide, for a block, the progress bars of transformers and those of the Hub's client, which it switches too."""
    had_bars, hub_had_bars = transformers_logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers says no types of it
    try:
        yield
    finally:
        if had_bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # transformers says no types of it
        if not hub_had_bars:
            disable_progress_bars()


def _is_no_report(record: logging.LogRecord) -> bool:
    return "LOAD REPORT" not in record.getMessage()


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
