"""An order of rows in which rows of one label stand together, so that every batch holds some of each of its labels."""

import numpy as np

from textcl.data.order import Drawn
from textcl.errors import DataError
from textcl.seeds import derive
from textcl.types import IntArray, Source


class LabelGroups:
    """Every row once an epoch, so many rows of one label side by side, where the label has as many.

    Args:
        source: Its rows carry labels.
        rows_per_label: Rows of a group.
        seed: The seed of the run's data.

    Raises:
        DataError: A row has no label.
    """

    def __init__(self, source: Source, rows_per_label: int, seed: int) -> None:
        self._labels = np.array([_label(source, row) for row in range(len(source))], dtype=np.int64)
        self._rows_per_label, self._seed = rows_per_label, seed

    def __call__(self, epoch: int) -> Drawn:
        """Return the rows of an epoch."""
        rng = np.random.default_rng(derive(self._seed, "order", epoch))
        rows = grouped(rng.permutation(len(self._labels)), self._labels, self._rows_per_label, rng)
        return Drawn(rows, np.full(len(rows), epoch))


def _label(source: Source, row: int) -> int:
    label = source[row].label
    if label is None:
        raise DataError(f"{source.place(row)}: found no label; data.rows_per_label groups rows by it. Give each one.")
    return label


def grouped(order: IntArray, labels: IntArray, rows_per_label: int, rng: np.random.Generator) -> IntArray:
    """Put rows of one label side by side, in groups that are in a random order.

    Args:
        order: A permutation of the rows, (N,); within a label it stays.
        labels: The label of each row, (N,).
        rows_per_label: Rows of a group; the last group of a label may be smaller.
        rng: Orders the groups.

    Returns:
        Another permutation of the rows, (N,).
    """
    by_label = order[np.argsort(labels[order], kind="stable")]  # (N,)
    starts = np.flatnonzero(np.diff(labels[by_label])) + 1
    groups = [
        rows[start : start + rows_per_label]
        for rows in np.split(by_label, starts)
        for start in range(0, len(rows), rows_per_label)
    ]
    return np.concatenate([groups[number] for number in rng.permutation(len(groups))])
