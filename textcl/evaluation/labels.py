"""Texts with labels, and labels as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.kind import SuiteSection
from textcl.files.rows import Row
from textcl.types.batches import IntArray


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the class it belongs to."""

    text: str
    label: str


def labels_of(rows: Iterable[LabelledText]) -> list[str]:
    """Return the distinct labels, sorted."""
    return sorted({row.label for row in rows})


def codes(rows: Sequence[LabelledText], labels: Sequence[str]) -> IntArray:
    """Return the position of each row's label among `labels`, (N,)."""
    position = {label: number for number, label in enumerate(labels)}
    return np.array([position[row.label] for row in rows], dtype=np.int64)


class LabelColumns(SuiteSection):
    """The columns of a set of labelled texts."""

    text: str = "text"
    label: str = "label"  # texts or whole numbers


def labelled(rows: Iterable[Row], columns: LabelColumns) -> list[LabelledText]:
    """Read texts with their labels."""
    return [LabelledText(row.text(columns.text), row.identity(columns.label)) for row in rows]
