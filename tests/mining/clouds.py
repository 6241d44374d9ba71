"""Small heaps of texts with vectors, and mining by a naive loop."""

import numpy as np

from textcl.files.corpora import Pair
from textcl.mining.collection import Collection
from textcl.mining.selection import MiningRequest
from textcl.types.batches import FloatArray

WIDTH = 8


def unit(rows: int, seed: int) -> FloatArray:
    vectors = np.random.default_rng(seed).normal(size=(rows, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def heap(rows: int = 40, labels: int = 0) -> tuple[Collection, FloatArray, FloatArray]:
    """Pairs of which every fifth shares its anchor with the one before."""
    pairs = [
        Pair(f"query {row - (row % 5 == 4)}", f"answer {row}", str(row % labels) if labels else None)
        for row in range(rows)
    ]
    collection = Collection(pairs)
    return collection, unit(len(collection.queries), 1), unit(len(collection.candidates), 2)


def naive(
    collection: Collection, queries: FloatArray, candidates: FloatArray, wanted: MiningRequest
) -> list[list[int]]:
    """Mine one query after the other, one candidate after the other; `top` only."""
    found = []
    bounds = wanted.bounds
    for number, query in enumerate(queries):
        positives = [c for q, c in collection.pairs.tolist() if q == number]
        own_labels = {label for q, _, label in collection.labels.tolist() if q == number}
        lowest = min(float(query @ candidates[positive]) for positive in positives)
        ranked = sorted(range(len(candidates)), key=lambda c: -float(query @ candidates[c]))
        free = [
            c
            for c in ranked
            if c not in positives
            and not own_labels & {label for _, other, label in collection.labels.tolist() if other == c}
            and (wanted.close is None or all(candidates[c] @ candidates[p] <= wanted.close for p in positives))
        ][: wanted.last]
        kept = []
        for c in free:
            score = float(query @ candidates[c])
            if bounds.absolute_margin is not None and score > lowest - bounds.absolute_margin:
                continue
            if bounds.relative_margin is not None and score > lowest - abs(lowest) * bounds.relative_margin:
                continue
            if bounds.max_score is not None and score > bounds.max_score:
                continue
            if bounds.min_score is not None and score < bounds.min_score:
                continue
            kept.append(c)
        found.append(kept[wanted.first :][: wanted.negatives])
    return found
