"""What mining holds in memory does not grow with the square of anything."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from textcl.files.corpora import Pair
from textcl.indexes import exact as nearest
from textcl.indexes.exact import Nearest
from textcl.mining.collection import Collection
from textcl.mining.selection import Exclusion, ExclusionReason


def peak(work: Callable[[], object]) -> float:
    """Megabytes that some work holds at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_one_query_of_many_labels_takes_no_room_at_the_others() -> None:
    pairs = [Pair("the same", f"answer {row}", str(row)) for row in range(2000)]
    pairs += [Pair(f"query {row}", f"text {row}", str(row)) for row in range(2000)]
    collection = Collection(pairs)
    assert len(collection.queries) == 2001
    assert peak(lambda: Exclusion(collection)) < 3  # a place for each query and label would take 32
    exclusion = Exclusion(collection)
    assert exclusion.reasons(np.array([0, 1]), np.array([[7, 2007], [1, 2000]])).tolist() == [
        [ExclusionReason.POSITIVE, ExclusionReason.SAME_LABEL],
        [ExclusionReason.NONE, ExclusionReason.POSITIVE],
    ]
    assert (exclusion.most(np.array([0, 1])), exclusion.most(np.array([1, 2]))) == (2001, 2)


def equal_vectors() -> None:
    """Search among vectors that are all alike: every one is as near as the worst so far."""
    one = np.eye(1, 4, dtype=np.float32)
    found = Nearest(np.repeat(one, 128, axis=0), 3)
    found.offer(np.repeat(one, 8192, axis=0), 0)
    assert found.hits.ids.tolist() == [[0, 1, 2]] * 128


def test_vectors_that_are_all_alike_are_merged_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_AT_ONCE", 1 << 16)
    in_parts = peak(equal_vectors)
    monkeypatch.setattr(nearest, "_AT_ONCE", 1 << 40)
    assert in_parts < 0.3 * peak(equal_vectors)
