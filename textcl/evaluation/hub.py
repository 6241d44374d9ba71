"""Evaluation data from the Hugging Face Hub, at a pinned revision."""

from collections.abc import Iterator

from textcl.errors import DataError
from textcl.evaluation.rows import Row


def hub_rows(dataset: str, revision: str, split: str, config: str | None = None) -> Iterator[Row]:
    """Yield the rows of one split of a data set."""
    import datasets  # here because it takes a second, and only the Hub needs it

    try:
        rows = datasets.load_dataset(dataset, config, revision=revision, split=split)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{dataset} (revision {revision[:8]}, split {split}) can not be loaded from the Hub: {error} "
            "Name a folder of local files with --data-dir to do without it."
        ) from error
    for number, fields in enumerate(rows):
        yield Row(f"{dataset} ({split}), row {number}", fields)
