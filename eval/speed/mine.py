"""Mining: textcl against sentence-transformers' mine_hard_negatives, on the same pairs, in turn in one process.

Both embed the same texts and search exactly; theirs with its defaults (float32, batches of 32), ours as `textcl mine`
does it by default. A second comparison gives both the vectors and leaves the search alone.

Run: python eval/speed/mine.py
"""

import argparse
import logging
import tempfile
import time

import numpy as np
from datasets import Dataset
from machine import MODEL, alternate, ratio, record, sentences, show
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import mine_hard_negatives

import textcl
from textcl.encoder.locate import find_folder
from textcl.files.corpora import Pair
from textcl.mining.collection import Collection
from textcl.mining.miner import mine
from textcl.mining.selection import Bounds, MiningRequest
from textcl.types.text import Role

WANTED = 1.0  # times as fast
SETTINGS = MiningRequest(negatives=5, first=10, last=100, bounds=Bounds(relative_margin=0.05))


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=5000, help="Pairs.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    texts = list(dict.fromkeys(sentences(2 * arguments.limit + 100)))[: 2 * arguments.limit]
    half = len(texts) // 2
    sides = Sides(texts[:half], texts[half : 2 * half])
    sides.theirs()
    sides.ours("auto")
    both = {"sentence-transformers": sides.theirs, "textcl": lambda: sides.ours("auto")}
    measured = alternate(both, arguments.repeats)
    searched = alternate({"sentence-transformers": sides.their_search, "textcl": sides.our_search}, arguments.repeats)
    whole = ratio(measured["sentence-transformers"], measured["textcl"])
    search = ratio(searched["sentence-transformers"], searched["textcl"])
    show(measured, {"sentence-transformers": (whole, WANTED)})
    print("with the vectors at hand:")
    show(searched, {"sentence-transformers": (search, WANTED)})
    same = sides.share_of_same_negatives()
    print(f"queries with the same negatives, both in float32: {same:.4f}")
    if not arguments.no_record:
        record(
            "mine",
            {
                "pairs": half, "negatives": SETTINGS.negatives, "range": [SETTINGS.first, SETTINGS.last],
                "relative_margin": SETTINGS.bounds.relative_margin, "seconds": measured, "times_as_fast": whole,
                "search_seconds": searched, "search_times_as_fast": search, "wanted": WANTED,
                "queries_with_the_same_negatives_in_float32": round(same, 6),
            },
        )  # fmt: skip


class Sides:
    """Both sides over the same pairs; each measurement returns seconds.

    Args:
        anchors: All different, as are the positives.
        positives: As many.
    """

    def __init__(self, anchors: list[str], positives: list[str]) -> None:
        logging.disable(logging.WARNING)
        self._table = Dataset.from_dict({"anchor": anchors, "positive": positives})
        self._pairs = [Pair(anchor, positive) for anchor, positive in zip(anchors, positives, strict=True)]
        self._peer = SentenceTransformer(str(find_folder(MODEL)), device="cpu")
        self._encoders = {name: textcl.load(MODEL, precision=name, device="cpu") for name in ("auto", "float32")}
        self._folder = tempfile.TemporaryDirectory(prefix="mine-")  # gone with the process
        self._vectors: tuple[np.ndarray, np.ndarray] | None = None
        self._their_negatives: dict[str, frozenset[str]] = {}

    def theirs(self) -> float:
        """All of it, by sentence-transformers."""
        return self._mine_theirs(None)

    def their_search(self) -> float:
        """The same with vectors that lie in its cache."""
        self._mine_theirs(self._folder.name)  # fills the cache, the first time
        return self._mine_theirs(self._folder.name)

    def ours(self, precision: str) -> float:
        """All of it, by textcl."""
        start = time.perf_counter()
        encoder, collection = self._encoders[precision], Collection(self._pairs)
        queries = encoder.encode(collection.queries, role=Role.ANCHOR)
        candidates = encoder.encode(collection.candidates, role=Role.POSITIVE)
        mine(collection, queries, candidates, SETTINGS, factory="exact")
        return time.perf_counter() - start

    def our_search(self) -> float:
        """The same with vectors at hand."""
        collection = Collection(self._pairs)
        if self._vectors is None:
            encoder = self._encoders["float32"]
            self._vectors = (
                encoder.encode(collection.queries, role=Role.ANCHOR),
                encoder.encode(collection.candidates, role=Role.POSITIVE),
            )
        start = time.perf_counter()
        mine(Collection(self._pairs), *self._vectors, SETTINGS, factory="exact")
        return time.perf_counter() - start

    def share_of_same_negatives(self) -> float:
        """Return the share of queries for which both find the same negatives in float32; call it after the searches."""
        collection = Collection(self._pairs)
        found = mine(collection, *self._vectors, SETTINGS, factory="exact").negatives.ids
        same = [
            frozenset(collection.candidates[number] for number in row if number >= 0)
            == self._their_negatives.get(query, frozenset())
            for query, row in zip(collection.queries, found.tolist(), strict=True)
        ]
        return float(np.mean(same))

    def _mine_theirs(self, cache: str | None) -> float:
        start = time.perf_counter()
        mined = mine_hard_negatives(
            self._table, self._peer, num_negatives=SETTINGS.negatives, range_min=SETTINGS.first,
            range_max=SETTINGS.last, relative_margin=SETTINGS.bounds.relative_margin, verbose=False, cache_folder=cache,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        negatives: dict[str, set[str]] = {}
        for anchor, negative in zip(mined["anchor"], mined["negative"], strict=True):
            negatives.setdefault(anchor, set()).add(negative)
        self._their_negatives = {anchor: frozenset(texts) for anchor, texts in negatives.items()}
        return seconds


if __name__ == "__main__":
    main()
