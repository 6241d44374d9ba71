"""Sources in memory, for tests."""

from dataclasses import replace

from textcl.types.text import Example


class Rows:
    """Examples from a list."""

    fingerprint = "rows"

    def __init__(self, *examples: Example) -> None:
        self._examples = [replace(example, row=row) for row, example in enumerate(examples)]

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, row: int) -> Example:
        return self._examples[row]

    def location(self, row: int) -> str:
        return f"rows, row {row}"


def anchors(count: int) -> Rows:
    """Rows with an anchor of three words each and nothing else."""
    return Rows(*(Example(0, f"text number {row}") for row in range(count)))
