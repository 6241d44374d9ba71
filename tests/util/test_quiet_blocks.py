"""Blocks within blocks stay quiet until the outermost ends."""

import logging

from textcl.util.quiet import quiet_transformers


def test_a_quiet_block_within_another_leaves_the_outer_one_quiet() -> None:
    logger = logging.getLogger("transformers.modeling_utils")
    before = list(logger.filters)
    with quiet_transformers():
        with quiet_transformers():
            pass
        assert len(logger.filters) == len(before) + 1
    assert logger.filters == before
