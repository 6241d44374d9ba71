"""An order of rows in which rows of one label stand together, so that every batch holds some of each of its labels."""

import numpy as np

from textcl.types import IntArray


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
