"""A batch on its way between processes: a few large arrays, since thousands of small ones take long to send."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from textcl.types import IntArray, PairBatch


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch whose sequences of tokens lie end to end."""

    rest: PairBatch  # without the ids of its sequences
    ids: tuple[IntArray, ...]  # of each view, V x (sum of the lengths,)
    lengths: tuple[IntArray, ...]  # V x (B,) tokens


def sent(batch: PairBatch) -> SentBatch:
    """Lay the sequences of a batch end to end."""
    bare = tuple(replace(view, tokens=replace(view.tokens, ids=())) for view in batch.views)
    ids = tuple(end_to_end(view.tokens.ids) for view in batch.views)
    return SentBatch(replace(batch, views=bare), ids, tuple(view.tokens.lengths for view in batch.views))


def received(batch: SentBatch) -> PairBatch:
    """Cut the sequences of a batch apart again."""
    views = zip(batch.rest.views, batch.ids, batch.lengths, strict=True)
    whole = (replace(view, tokens=replace(view.tokens, ids=cut(ids, lengths))) for view, ids, lengths in views)
    return replace(batch.rest, views=tuple(whole))


def end_to_end(sequences: Sequence[IntArray]) -> IntArray:
    """Join sequences of tokens to one."""
    return np.concatenate(sequences) if sequences else np.zeros(0, dtype=np.int64)


def cut(ids: IntArray, lengths: IntArray) -> tuple[IntArray, ...]:
    """Cut sequences of these lengths from one, (N,)."""
    ends = np.cumsum(lengths).tolist()
    return tuple(ids[start:end] for start, end in zip([0, *ends], ends, strict=False))
