"""Which texts of a set does a stream of other texts hold most of, by runs of words?

Source:
    Broder 1997, On the resemblance and containment of documents. Runs of five words and a share of 0.8 are those of
    Lee et al. 2022, Deduplicating Training Data Makes Language Models Better, arXiv:2107.06499, whose measure (Jaccard)
    would miss a sentence inside a longer text.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from textcl.types.batches import IntArray

RUN = 5  # words
SHARE = 0.8  # of a text's runs, in one other text
FEWEST = 4  # distinct runs, those of eight words: shorter texts are phrases that anyone may write
MOST = 64  # runs kept of a long text, evenly spread; so a text takes at most 1 kB


@dataclass(frozen=True, slots=True)
class Held:
    """One text of the set that a text of the stream holds most of."""

    position: int  # in the block of the stream
    number: int  # in the set
    share: float  # of the runs of the text of the set


class Shingles:
    """The runs of words of a set of texts; memory grows with the set alone, not with what is compared with it.

    Args:
        texts: Each as its words.
    """

    def __init__(self, texts: Iterable[list[str]]) -> None:
        keys, sizes = array("q"), array("q")
        for words in texts:
            runs = _spread(_runs(words))
            keys.extend(runs)
            sizes.append(len(runs))
        self._sizes: IntArray = np.array(sizes, dtype=np.int64)  # runs of each text
        owners: IntArray = np.repeat(np.arange(len(sizes)), self._sizes)
        order = np.argsort(np.array(keys, dtype=np.int64), kind="stable")
        self._keys: IntArray = np.array(keys, dtype=np.int64)[order]
        self._owners: IntArray = owners[order]

    def __len__(self) -> int:
        return len(self._keys)

    def held(self, block: Sequence[list[str]]) -> Iterator[Held]:
        """Yield each text of the set of which a text of the block holds the share or more, in the block's order."""
        runs = [set(_runs(words)) for words in block]
        keys: IntArray = np.fromiter((key for text in runs for key in text), dtype=np.int64)
        positions = np.repeat(np.arange(len(block)), [len(text) for text in runs])
        first = np.searchsorted(self._keys, keys, side="left")
        counts = np.searchsorted(self._keys, keys, side="right") - first  # texts of the set that have the run
        starts = np.repeat(first - np.cumsum(counts) + counts, counts)
        owners = self._owners[starts + np.arange(counts.sum())]
        pairs, common = np.unique(np.repeat(positions, counts) * len(self._sizes) + owners, return_counts=True)
        for pair, count in zip(pairs.tolist(), common.tolist(), strict=True):
            position, number = divmod(pair, len(self._sizes))
            share = count / int(self._sizes[number])
            if share >= SHARE:
                yield Held(position, number, share)


def _runs(words: list[str]) -> list[int]:
    """Return the distinct runs of a text, in order, as 64-bit numbers that mean something in this process only."""
    return list(dict.fromkeys(map(hash, zip(*(words[start:] for start in range(RUN)), strict=False))))


def _spread(runs: list[int]) -> list[int]:
    """Keep none of too few runs, and of many `MOST`."""
    if len(runs) < FEWEST:
        return []
    return [runs[position] for position in np.linspace(0, len(runs) - 1, min(len(runs), MOST)).round().astype(int)]
