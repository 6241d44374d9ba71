"""From rows to batches: stateless, so that any process may ask for any step, in any order, on any number of ranks."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from textcl.data.orders import Drawn, Epoch, Order, Shuffled
from textcl.data.views import RowReader, RowTexts, ViewSpec
from textcl.errors import DataError
from textcl.text.folding import identities
from textcl.types.batches import (
    FloatArray,
    InputAugmentation,
    InputSequence,
    IntArray,
    Kept,
    PairBatch,
    Tokenize,
    Tokens,
    View,
)
from textcl.types.text import Source
from textcl.util.seeds import derive


def change_inputs(tokens: Tokens, augmentations: Sequence[InputAugmentation], seeds: Iterable[int]) -> Tokens:
    """Return the sequences as the augmentations, in order, make them.

    Args:
        tokens: N sequences with all kept.
        augmentations: What a view lists under `input`.
        seeds: What the draws of each sequence follow from, N.
    """
    if not augmentations:
        return tokens
    changed = []
    for row, seed in enumerate(seeds):
        sequence, rng = _whole(tokens, row), random.Random(seed)
        for augmentation in augmentations:
            sequence = augmentation.change(sequence, rng)
            if not isinstance(sequence, InputSequence):  # a user's own may return anything
                raise DataError(
                    f"{type(augmentation).__name__} returned {sequence!r:.60}, but an input augmentation returns an "
                    "InputSequence."
                )
        changed.append(sequence)
    kept = tuple(_or_none(sequence.kept) for sequence in changed)
    return replace(tokens, ids=tuple(sequence.ids for sequence in changed), kept=kept if any(kept) else ())


def _whole(tokens: Tokens, row: int) -> InputSequence:
    """Return a sequence of which all is kept."""
    ids, form = tokens.ids[row], tokens.format
    is_text = np.array([number not in form.special for number in ids.tolist()], dtype=np.bool_)
    is_text[: form.prompt] = False
    kept = Kept(np.ones(len(ids), dtype=np.bool_), np.ones(form.features, dtype=np.bool_))
    return InputSequence(ids, is_text, kept)


def _or_none(kept: Kept) -> Kept | None:
    """Return None where nothing is cut."""
    return None if kept.tokens.all() and kept.features.all() else kept


class Batches:
    """The batches of a run, counted from step 0 over all epochs.

    Each epoch has an order of its own, derived from (seed, epoch). The last batch of an epoch may be short; were it a
    single row, it is left out, for nothing would contrast with it.

    Args:
        source: At least two rows.
        views: V views.
        tokenize: Turns N texts of one role into N token sequences, N = 0 included.
        batch_size: Rows of a batch over all processes, at least 2; more than the source has means all rows.
        seed: The seed of the run's data.
        order: In which order an epoch goes through the rows; None: a permutation.

    Raises:
        DataError: The source has fewer than two rows.
        ValueError: The batch size is below 2, or there are no views.
    """

    def __init__(
        self,
        source: Source,
        views: Sequence[ViewSpec],
        tokenize: Tokenize,
        batch_size: int,
        seed: int,
        *,
        order: Order | None = None,
    ) -> None:
        if batch_size < 2:
            raise ValueError(f"batch_size must be at least 2 rows, found {batch_size}: one row has no contrast.")
        self._reader = RowReader(source, views, seed)
        self._tokenize = tokenize
        self._batch_size = min(batch_size, len(source))
        self._seed = seed
        self._order = order or Shuffled(len(source), seed)
        self._epoch: tuple[int, Epoch] | None = None  # the last that was asked for, and its rows in their order

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, exactly."""
        full, rest = divmod(self.rows_in_all, self._batch_size)
        return full + (rest > 1)

    @property
    def rows_in_all(self) -> int:
        """Rows of the source."""
        return len(self._reader.source)

    @property
    def rows_per_step(self) -> float:
        """Rows of a batch, in the mean over an epoch."""
        is_dropped = self.rows_in_all % self._batch_size == 1
        return (self.rows_in_all - is_dropped) / self.steps_per_epoch

    def rows(self, step: int) -> IntArray:
        """Return the rows of the source that a step trains on, over all ranks, (B,).

        Raises:
            ValueError: The step is negative.
        """
        return self._drawn(step).rows

    def location(self, row: int) -> str:
        """Say where a row stands, for messages."""
        return self._reader.source.location(row)

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> PairBatch:
        """Read and tokenise one rank's share of a step.

        The shares are contiguous slices of the batch whose sizes differ by at most one row; a share may be empty. End
        to end they are the batch of a single process.

        Raises:
            DataError: A row lacks what the views ask for.
            ValueError: Not 0 ≤ rank < ranks.
        """
        if not 0 <= rank < ranks:
            raise ValueError(f"rank must lie in 0 … {ranks - 1}, found {rank}.")
        drawn = self._drawn(step)
        own = np.array_split(np.arange(len(drawn.rows)), ranks)[rank]
        share, passes = drawn.rows[own], drawn.passes[own].tolist()
        read = [self._reader.read(row, epoch) for row, epoch in zip(share.tolist(), passes, strict=True)]
        views = tuple(self._view(spec, position, read, passes) for position, spec in enumerate(self._reader.views))
        return PairBatch(
            views,
            share,
            scores=self._scores(read) if self._reader.has_scores else None,
            labels=_labels(read) if self._reader.has_labels else None,
            turn=step,
        )

    def _drawn(self, step: int) -> Drawn:
        """Return the rows of a step."""
        if step < 0:
            raise ValueError(f"step must be 0 or more, found {step}.")
        epoch, position = divmod(step, self.steps_per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, self._order(epoch))
        start = position * self._batch_size
        return self._epoch[1][start : start + self._batch_size]

    def _scores(self, read: Sequence[RowTexts]) -> FloatArray:
        """Return what rows are graded by, (B,) or (B, V - 1); a share without rows has the form of the others."""
        scores = np.array([row.scores for row in read], dtype=np.float32)
        return scores if read else scores.reshape(0, *self._reader.scores_of_a_row)

    def _view(self, spec: ViewSpec, position: int, read: Sequence[RowTexts], passes: Sequence[int]) -> View:
        texts = [row.texts[position] for row in read]
        seeds = (derive(self._seed, "input", epoch, row.row, position) for row, epoch in zip(read, passes, strict=True))
        tokens = change_inputs(self._tokenize([text.text for text in texts], spec.role), spec.input, seeds)
        identity = identities(text.original for text in texts)
        return View(spec.role, tokens, identity, tuple(text.text for text in texts))


def _labels(read: Sequence[RowTexts]) -> IntArray:
    return np.array([row.label for row in read], dtype=np.int64)  # (B,)
