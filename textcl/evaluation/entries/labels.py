"""The columns of a set of labelled texts in a suite."""

from collections.abc import Iterable

from textcl.evaluation.labels import LabelledText
from textcl.evaluation.rows import Row
from textcl.evaluation.section import Section


class LabelColumns(Section):
    """The columns of a set of labelled texts."""

    text: str = "text"
    label: str = "label"  # texts or whole numbers


def labelled(rows: Iterable[Row], columns: LabelColumns) -> list[LabelledText]:
    """Read texts with their labels."""
    return [LabelledText(row.text(columns.text), row.identity(columns.label)) for row in rows]
