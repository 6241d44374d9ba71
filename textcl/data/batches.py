"""From rows to batches: stateless, so that any process may ask for any step, in any order, on any number of ranks."""

from collections.abc import Sequence

import numpy as np

from textcl.data.identity import identities
from textcl.data.inputs import change_inputs
from textcl.data.label_groups import grouped
from textcl.data.rows import RowReader, RowTexts
from textcl.data.views import ViewSpec
from textcl.seeds import derive
from textcl.types import FloatArray, IntArray, PairBatch, Source, Tokenize, View


class Batches:
    """The batches of a run, counted from step 0 over all epochs.

    Each epoch is a permutation of its own, derived from (seed, epoch). The last batch of an epoch may be short; were it
    a single row, it is left out, for nothing would contrast with it.

    Args:
        source: At least two rows.
        views: V views.
        tokenize: Turns N texts of one role into N token sequences, N = 0 included.
        batch_size: Rows of a batch over all processes, at least 2; more than the source has means all rows.
        seed: The seed of the run's data.
        rows_per_label: So many rows of one label stand side by side, where the label has as many; None: rows are
            drawn whatever their label.

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
        rows_per_label: int | None = None,
    ) -> None:
        if batch_size < 2:
            raise ValueError(f"batch_size must be at least 2 rows, found {batch_size}: one row has no contrast.")
        self._reader = RowReader(source, views, seed)
        self._tokenize = tokenize
        self._batch_size = min(batch_size, len(source))
        self._seed = seed
        self._rows_per_label = rows_per_label
        self._order: tuple[int, IntArray] | None = None  # the last epoch asked for and its permutation

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, exactly."""
        full, rest = divmod(len(self._reader.source), self._batch_size)
        return full + (rest > 1)

    def rows(self, step: int) -> IntArray:
        """Return the rows of the source that a step trains on, over all ranks, (B,).

        Raises:
            ValueError: The step is negative.
        """
        if step < 0:
            raise ValueError(f"step must be 0 or more, found {step}.")
        epoch, position = divmod(step, self.steps_per_epoch)
        start = position * self._batch_size
        return self._permutation(epoch)[start : start + self._batch_size]

    def place(self, row: int) -> str:
        """Say where a row stands, for messages."""
        return self._reader.source.place(row)

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
        share = np.array_split(self.rows(step), ranks)[rank]
        epoch = step // self.steps_per_epoch
        read = [self._reader.read(int(row), epoch) for row in share]
        views = tuple(self._view(spec, position, read, epoch) for position, spec in enumerate(self._reader.views))
        return PairBatch(
            views,
            share,
            scores=_scores(read) if self._reader.has_scores else None,
            labels=_labels(read) if self._reader.has_labels else None,
        )

    def _permutation(self, epoch: int) -> IntArray:
        if self._order is None or self._order[0] != epoch:
            rng = np.random.default_rng(derive(self._seed, "order", epoch))
            order = rng.permutation(len(self._reader.source))
            if self._rows_per_label is not None:
                order = grouped(order, self._labels_of_rows(), self._rows_per_label, rng)
            self._order = (epoch, order)
        return self._order[1]

    def _labels_of_rows(self) -> IntArray:
        """Return the label of every row of the source."""
        source = self._reader.source
        return np.array([source[row].label for row in range(len(source))], dtype=np.int64)

    def _view(self, spec: ViewSpec, position: int, read: Sequence[RowTexts], epoch: int) -> View:
        texts = [row.texts[position] for row in read]
        seeds = (derive(self._seed, "input", epoch, row.row, position) for row in read)
        tokens = change_inputs(self._tokenize([text.text for text in texts], spec.role), spec.input, seeds)
        identity = identities(text.original for text in texts)
        return View(spec.role, tokens, identity, tuple(text.text for text in texts))


def _scores(read: Sequence[RowTexts]) -> FloatArray:
    return np.array([row.score for row in read], dtype=np.float32)  # (B,)


def _labels(read: Sequence[RowTexts]) -> IntArray:
    return np.array([row.label for row in read], dtype=np.int64)  # (B,)
