"""What the data of a run looks like, before anything trains: lengths in tokens, and a few rows of views."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.data.rows import RowReader
from textcl.data.views import ViewSpec
from textcl.seeds import derive
from textcl.types import IntArray, Role, Source, Tokenize

SAMPLE = 1000  # rows
PERCENTILES = (50, 90, 99, 100)


@dataclass(frozen=True, slots=True)
class LengthDistribution:
    """How long the texts of all views are, over a sample of rows."""

    rows: int  # of the source
    sampled: int  # rows that were tokenised
    percentiles: dict[int, int]  # percent -> tokens, special tokens included
    cut_share: float  # fraction of texts longer than max_length


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """The first epoch's views of one row."""

    place: str
    views: tuple[tuple[Role, str], ...]  # V
    inputs: tuple[str, ...]  # V, the input augmentations of a view by name: "TokenCutoff, TokenShuffle", "" for none


def length_distribution(
    source: Source, views: Sequence[ViewSpec], tokenize: Tokenize, max_length: int, seed: int
) -> LengthDistribution:
    """Measure the texts of at most 1,000 rows.

    Args:
        source: At least two rows.
        views: V views.
        tokenize: Must not cut texts: give it a tokeniser without a maximal length.
        max_length: Tokens that training keeps of a text.
        seed: The seed of the run's data; it chooses the sample.

    Raises:
        DataError: A row lacks what the views ask for.
    """
    reader = RowReader(source, views, seed)
    rows = _sample(len(source), SAMPLE, seed)
    read = [reader.read(row, epoch=0) for row in rows]
    lengths: IntArray = np.concatenate(
        [
            tokenize([row.texts[position].text for row in read], view.role).lengths
            for position, view in enumerate(reader.views)
        ]
    )
    percentiles = {percent: int(np.percentile(lengths, percent, method="higher")) for percent in PERCENTILES}
    return LengthDistribution(len(source), len(rows), percentiles, float((lengths > max_length).mean()))


def preview(source: Source, views: Sequence[ViewSpec], seed: int, rows: int = 3) -> tuple[PreviewRow, ...]:
    """Return the views of a few rows as texts, spread over the source.

    Raises:
        DataError: A row lacks what the views ask for.
    """
    reader = RowReader(source, views, seed)
    inputs = tuple(", ".join(type(augmentation).__name__ for augmentation in view.input) for view in views)
    return tuple(
        PreviewRow(
            source.place(row),
            tuple(
                (view.role, text.text) for view, text in zip(reader.views, reader.read(row, epoch=0).texts, strict=True)
            ),
            inputs,
        )
        for row in _sample(len(source), rows, seed)
    )


def _sample(count: int, wanted: int, seed: int) -> list[int]:
    rng = random.Random(derive(seed, "preview"))
    return sorted(rng.sample(range(count), min(wanted, count)))
