"""What the data of a run looks like, before anything trains: lengths in tokens, and what views make of a few rows."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from textcl.data.views import RowReader, ViewSpec, ViewText
from textcl.types.batches import IntArray, Tokenize
from textcl.types.text import Role, Source
from textcl.util.seeds import derive

SAMPLE = 1000  # rows
PERCENTILES = (50, 90, 99, 100)


@dataclass(frozen=True, slots=True)
class LengthDistribution:
    """How long the texts of all views are, and how many are changed, over a sample of rows."""

    rows: int  # of the source
    sampled: int  # rows that were tokenised
    percentiles: dict[int, int]  # percent -> tokens, special tokens included
    cut_share: float  # fraction of texts longer than max_length
    changed_shares: tuple[float, ...]  # V, fraction of the view's texts that its augmentations change


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What the first epochs make of one view of a row."""

    role: Role
    draws: tuple[ViewText, ...]  # one an epoch; a single one where nothing changes the text
    input: str  # the input augmentations by name: "TokenCutoff, TokenShuffle", "" for none


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """The views of one row."""

    location: str
    views: tuple[PreviewView, ...]  # V


def length_distribution(
    source: Source, views: Sequence[ViewSpec], tokenize: Tokenize, max_length: int | Mapping[Role, int], seed: int
) -> LengthDistribution:
    """Measure the texts of at most 1,000 rows.

    Args:
        source: At least two rows.
        views: V views.
        tokenize: Must not cut texts: give it a tokeniser without a maximal length.
        max_length: Tokens that training keeps of a text, or of a text of each role.
        seed: The seed of the run's data; it chooses the sample.

    Raises:
        DataError: A row lacks what the views ask for.
    """
    reader = RowReader(source, views, seed)
    rows = _sample(len(source), SAMPLE, seed)
    read = [reader.read(row, epoch=0) for row in rows]
    by_view: list[IntArray] = [
        tokenize([row.texts[position].text for row in read], view.role).lengths
        for position, view in enumerate(reader.views)
    ]
    lengths: IntArray = np.concatenate(by_view)
    kept = [max_length if isinstance(max_length, int) else max_length[view.role] for view in reader.views]
    cut = np.concatenate([own > most for own, most in zip(by_view, kept, strict=True)])
    percentiles = {percent: int(np.percentile(lengths, percent, method="higher")) for percent in PERCENTILES}
    changed = tuple(
        sum(row.texts[position].text != row.texts[position].original for row in read) / len(read)
        for position in range(len(views))
    )
    return LengthDistribution(len(source), len(rows), percentiles, float(cut.mean()), changed)


def preview(
    source: Source, views: Sequence[ViewSpec], seed: int, rows: int = 3, epochs: int = 3
) -> tuple[PreviewRow, ...]:
    """Return what the first epochs make of the views of a few rows, spread over the source.

    Raises:
        DataError: A row lacks what the views ask for.
    """
    reader = RowReader(source, views, seed)
    return tuple(_previewed(reader, row, epochs) for row in _sample(len(source), rows, seed))


def sample_originals(source: Source, views: Sequence[ViewSpec], seed: int) -> tuple[list[str], ...]:
    """Return the texts that each view starts from, of at most 1,000 rows, V lists.

    Raises:
        DataError: A row lacks what the views ask for.
    """
    reader = RowReader(source, [ViewSpec(view.role) for view in views], seed)
    read = [reader.read(row, epoch=0) for row in _sample(len(source), SAMPLE, seed)]
    return tuple([row.texts[position].original for row in read] for position in range(len(views)))


def _previewed(reader: RowReader, row: int, epochs: int) -> PreviewRow:
    read = [reader.read(row, epoch).texts for epoch in range(epochs)]
    return PreviewRow(
        reader.source.location(row),
        tuple(
            PreviewView(
                view.role,
                tuple(texts[position] for texts in read[: epochs if view.augment else 1]),
                ", ".join(type(augmentation).__name__ for augmentation in view.input),
            )
            for position, view in enumerate(reader.views)
        ),
    )


def _sample(count: int, wanted: int, seed: int) -> list[int]:
    rng = random.Random(derive(seed, "preview"))
    return sorted(rng.sample(range(count), min(wanted, count)))
