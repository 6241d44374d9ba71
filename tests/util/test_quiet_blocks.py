"""Blocks within blocks stay quiet until the outermost ends."""

import logging

from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from transformers.utils import logging as transformers_logging

from textcl.util.quiet import quiet_transformers, without_bars


def test_a_quiet_block_within_another_leaves_the_outer_one_quiet() -> None:
    logger = logging.getLogger("transformers.modeling_utils")
    before = list(logger.filters)
    with quiet_transformers():
        with quiet_transformers():
            pass
        assert len(logger.filters) == len(before) + 1
    assert logger.filters == before


def test_bars_are_afterwards_as_they_were() -> None:
    transformers_logging.enable_progress_bar()  # and those of the Hub's client with them
    try:
        with without_bars():
            assert are_progress_bars_disabled()
            assert not transformers_logging.is_progress_bar_enabled()
        assert not are_progress_bars_disabled()
        assert transformers_logging.is_progress_bar_enabled()
        disable_progress_bars()
        with without_bars():
            pass
        assert are_progress_bars_disabled()
        assert transformers_logging.is_progress_bar_enabled()
    finally:
        enable_progress_bars()
