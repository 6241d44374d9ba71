import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from textcl.benchmark.measure import speed
from textcl.types.batches import FloatArray

QUERIES = np.zeros((10, 4), dtype=np.float32)


@dataclass
class Search:
    """Takes its time by a clock of its own: 2 ms a call, every tenth call 20 ms."""

    now: float = 0.0  # seconds
    seen: list[int] = field(default_factory=list)

    def __call__(self, queries: FloatArray) -> None:
        self.seen.append(len(queries))
        self.now += 0.020 if len(self.seen) % 10 == 0 else 0.002


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Search:
    search = Search()
    monkeypatch.setattr(time, "perf_counter", lambda: search.now)
    return search


def test_calls_are_timed_one_by_one_and_the_percentiles_see_the_slow_ones(search: Search) -> None:
    taken = speed(search, QUERIES, 1, calls=50)
    assert (taken.calls, taken.queries_per_call) == (50, 1)
    assert taken.median_ms == pytest.approx(2)
    assert (taken.p95_ms, taken.p99_ms) == (pytest.approx(20), pytest.approx(20))
    assert taken.queries_per_second == pytest.approx(500)


def test_all_calls_have_the_same_number_of_queries_and_never_more_than_there_are(search: Search) -> None:
    assert speed(search, QUERIES, 4, calls=9).queries_per_call == 4
    assert set(search.seen) == {4}
    assert speed(search, QUERIES, 64, calls=5).queries_per_call == 10


def test_a_slow_search_is_cut_short_but_not_before_five_calls(search: Search) -> None:
    assert speed(search, QUERIES, 1, calls=10_000, seconds=0.001).calls == 5
    assert speed(search, QUERIES, 1, calls=10_000, seconds=0.1).calls < 50


def test_nothing_to_search_is_refused(search: Search) -> None:
    with pytest.raises(ValueError, match="0 queries"):
        speed(search, QUERIES[:0], 1)
