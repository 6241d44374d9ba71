"""An order of rows that is computed where it is asked for."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.data.sources import Rows
from textcl.data.batches import Batches
from textcl.data.orders import Computed
from textcl.data.views import default_views
from textcl.errors import RecipeError
from textcl.recipe.load import load_recipe
from textcl.types.text import Example


@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17, 255, 256, 257, 1025, 4097, 70_000])
def test_every_row_comes_once_and_each_epoch_has_an_order_of_its_own(count: int) -> None:
    first, second = (Computed(count, 3)(epoch)[0:count].rows for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(count))
    assert count < 15 or first.tolist() != second.tolist()


def test_a_part_is_the_same_part_of_the_whole() -> None:
    epoch = Computed(20_000, 5)(2)
    whole = epoch[0:20_000].rows
    for part in (slice(0, 3), slice(8_000, 17_000), slice(19_990, 30_000), slice(7, 7)):
        drawn = epoch[part]
        np.testing.assert_array_equal(drawn.rows, whole[part])
        assert drawn.passes.tolist() == [2] * len(drawn.rows)


def test_a_row_stands_anywhere_as_often() -> None:
    counts = np.zeros((6, 6))  # location, row
    for seed in range(600):
        counts[np.arange(6), Computed(6, seed)(0)[0:6].rows] += 1
    # Of permutations of 6, 5/6 of the sum is chi-squared with 25 degrees of freedom, of which 99 % lie below.
    assert 5 / 6 * ((counts - 100) ** 2 / 100).sum() < 44.3


def test_neighbours_do_not_stay_neighbours() -> None:
    rows = Computed(100_000, 1)(0)[0:100_000].rows
    gaps = np.abs(np.diff(rows))
    assert gaps.mean() == pytest.approx(100_000 / 3, rel=0.02)  # of two draws out of [0, 1] the mean gap is 1/3
    assert (gaps == 1).mean() < 2e-4


def test_a_seed_gives_the_same_order_on_every_machine_and_in_every_version() -> None:
    assert Computed(10, 17)(0)[0:10].rows.tolist() == [0, 1, 6, 4, 3, 9, 7, 8, 5, 2]
    assert Computed(10**12, 17)(3)[0:3].rows.tolist() == [700692352241, 414626086321, 805986914215]


class Many:
    """A billion rows that nobody has written down."""

    fingerprint = "many"

    def __len__(self) -> int:
        return 10**9

    def __getitem__(self, row: int) -> Example:
        return Example(row, f"text {row}", (f"its other {row}",))

    def location(self, row: int) -> str:
        return f"row {row}"


def test_batches_of_a_billion_rows_take_no_memory_for_their_order() -> None:
    source = Many()
    batches = Batches(source, default_views(source[0]), None, 512, 17, order=Computed(len(source), 17))
    tracemalloc.start()
    try:
        rows = np.concatenate([batches.rows(step) for step in range(20)])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(np.unique(rows)) == 20 * 512
    assert rows.max() > 9 * 10**8
    assert peak < 1e6


def test_the_recipe_chooses_it_and_says_where_it_cannot(tmp_path: Path) -> None:
    changes = [f"data.sources.0.path={tmp_path}/a.txt", "data.order=2"]
    assert load_recipe("simcse", changes).data.order == 2
    for held, words in (
        ("data.rows_per_label=2", "rows_per_label wants them all at hand"),
        ("data.mixing={one_source_per_batch: false}", "one_source_per_batch: false wants them all at hand"),
        ("data.order=3", "data.order"),
    ):
        with pytest.raises(RecipeError, match=words):
            load_recipe("simcse", [*changes, held])


def test_small_sources_may_have_it_too() -> None:
    source = Rows(*(Example(row, f"text {row}") for row in range(5)))
    batches = Batches(source, default_views(source[0]), None, 2, 17, order=Computed(5, 17))
    rows = np.concatenate([batches.rows(step) for step in range(batches.steps_per_epoch)])
    assert len(set(rows.tolist())) == 4  # a last row alone has no contrast, and is left out
