"""Repeated texts in a batch: textcl's masks against sentence-transformers' NoDuplicatesBatchSampler, on the same pairs.

Their sampler puts no text twice into the batch of one process, and accelerate hands batches to the processes in turn: a
loss that gathers the candidates of all processes meets the repeats that stand on two of them. Ours draws rows as they
come and masks what says the same, over all processes. Measured: the seconds for an epoch's batches of texts (ours with
numbering the texts and computing the masks), with theirs in plain random order for comparison; the seconds of numbers
and masks alone; and the false negatives that a loss of anchors against the positives of all processes is left with,
counted by a plain loop over the numbers of the texts: another row's positive that is the row's own anchor or positive,
or the positive of an equal anchor.

Run: python eval/speed/duplicates.py --data-dir ../shared/data
"""

import argparse
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from datasets import Dataset
from machine import alternate, ratio, record
from sentence_transformers.base.sampler import NoDuplicatesBatchSampler
from torch.utils.data import BatchSampler, RandomSampler

from textcl.data.batches import Batches
from textcl.data.sources.json_lines import JsonLines
from textcl.data.views import default_views
from textcl.objectives.directions import Direction, pool_of
from textcl.text.folding import identities
from textcl.types.batches import EmbeddedBatch, Tokens
from textcl.types.text import Role

RANKS, ROWS = 8, 64  # processes, and rows of each
FILES = ("pairs/quora-dev.jsonl.gz", "pairs/quora-test.jsonl.gz", "pairs/wordnet-term-gloss.jsonl.gz")
Numbers = tuple[list[int], list[int]]  # of the anchors and of the positives of a batch


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="Only the first so many pairs of each file.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    results = {}
    for name in FILES:
        pairs = Pairs(arguments.data_dir / name, arguments.limit)
        results[name] = pairs.compared(arguments.repeats)
        print(name, *(f"  {key}: {value}" for key, value in results[name].items()), sep="\n")
    if not arguments.no_record:
        record("duplicates", {"ranks": RANKS, "rows_a_rank": ROWS, "files": results})


class Pairs:
    """Pairs of a file, for both sides."""

    def __init__(self, file: Path, limit: int | None) -> None:
        self.source = JsonLines(str(file))
        rows = range(len(self.source) if limit is None else min(limit, len(self.source)))
        examples = [self.source[row] for row in rows]
        anchors, positives = [one.anchor for one in examples], [one.positives[0] for one in examples]
        self.table = Dataset.from_dict({"anchor": anchors, "positive": positives})
        self.texts = (anchors, positives)
        self.numbers = (identities(anchors).tolist(), identities(positives).tolist())
        self.rows = len(rows)

    def compared(self, repeats: int) -> dict[str, object]:
        """Measure both sides in turn; count what is left once."""
        sides = {
            "no_duplicates": lambda: timed(self.table[rows] for rows in self.their_batches()),
            "random_order": lambda: timed(self.table[rows] for rows in self.random_batches()),
            "textcl": lambda: timed(self.our_masks()),
        }
        seconds = alternate(sides, repeats)
        left = [false_negatives(self.picked(rows)) for rows in in_turn(self.their_batches())]
        masks = list(self.our_masks())
        wanted = [false_negatives(numbers) for numbers, _ in masks]
        taken_out = [set(map(tuple, mask.nonzero().tolist())) for _, mask in masks]
        return {
            "pairs": self.rows,
            "seconds": {name: [round(value, 3) for value in values] for name, values in seconds.items()},
            "seconds_of_numbers_and_masks": round(timed(self.masks_alone()), 3),
            "times_as_fast": ratio(seconds["no_duplicates"], seconds["textcl"]),
            "false_negatives_left_sentence_transformers": sum(map(len, left)),
            "false_negatives_drawn_textcl": sum(map(len, wanted)),
            "false_negatives_left_textcl": sum(len(a - b) for a, b in zip(wanted, taken_out, strict=True)),
            "true_negatives_masked_textcl": sum(len(b - a) for a, b in zip(wanted, taken_out, strict=True)),
        }

    def their_batches(self) -> Iterator[list[int]]:
        """Yield their batches of one process each."""
        yield from NoDuplicatesBatchSampler(self.table, ROWS, drop_last=False, generator=torch.Generator(), seed=17)

    def random_batches(self) -> Iterator[list[int]]:
        """Yield batches of one process each that nobody looks into."""
        yield from BatchSampler(RandomSampler(range(self.rows)), ROWS, drop_last=False)

    def masks_alone(self) -> Iterator[torch.Tensor]:
        """Yield the masks of an epoch, of texts that are at hand."""
        for start in range(0, self.rows, RANKS * ROWS):
            part = slice(start, start + RANKS * ROWS)
            yield masked(*(torch.from_numpy(identities(side[part])) for side in self.texts))

    def our_masks(self) -> Iterator[tuple[Numbers, torch.Tensor]]:
        """Yield the numbers of our batches' texts, read and digested anew, with what the objective masks."""
        batches = Batches(_First(self), default_views(self.source[0]), _no_tokens, RANKS * ROWS, 17)
        for step in range(batches.steps_per_epoch):
            batch = batches.batch(step)
            anchors, positives = (torch.from_numpy(view.identity) for view in batch.views)
            yield (anchors.tolist(), positives.tolist()), masked(anchors, positives)

    def picked(self, rows: list[int]) -> Numbers:
        """Return the numbers of some rows' texts."""
        return [self.numbers[0][row] for row in rows], [self.numbers[1][row] for row in rows]


class _First:
    """The rows of the file up to the limit."""

    def __init__(self, pairs: Pairs) -> None:
        self._source, self._rows = pairs.source, pairs.rows
        self.fingerprint, self.location = pairs.source.fingerprint, pairs.source.location

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, row: int) -> object:
        return self._source[row]


def _no_tokens(texts: list[str], role: Role) -> Tokens:
    return Tokens((), torch.zeros(0, dtype=torch.int64).numpy(), 0)


def masked(anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:
    """Return what InfoNCE masks for texts with these numbers, (B, B)."""
    nothing = torch.zeros(len(anchors), 1)
    batch = EmbeddedBatch((nothing, nothing), (), (Role.ANCHOR, Role.POSITIVE), (anchors, positives))
    return pool_of(batch, Direction.QUERY_TO_DOC, batch.views, batch.views, slice(None)).masked


def in_turn(batches: Iterable[list[int]]) -> Iterator[list[int]]:
    """Join the batches that the processes have at the same time; the last steps, of fewer processes, are dropped."""
    step: list[list[int]] = []
    for batch in batches:
        step.append(batch)
        if len(step) == RANKS:
            yield [row for share in step for row in share]
            step = []


def false_negatives(numbers: Numbers) -> set[tuple[int, int]]:
    """Return the pairs of an anchor and another row's positive that are no negatives, by a plain loop."""
    anchors, positives = numbers
    found = set()
    for i, (anchor, positive) in enumerate(zip(anchors, positives, strict=True)):
        for j, candidate in enumerate(positives):
            if i != j and (candidate in (anchor, positive) or anchors[j] == anchor):
                found.add((i, j))
    return found


def timed(work: Iterable[object]) -> float:
    """Return how long it takes to get all of it."""
    start = time.perf_counter()
    for _ in work:
        pass
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
