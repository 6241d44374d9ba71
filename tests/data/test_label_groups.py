"""Rows of one label side by side."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.sources import Rows
from textcl.data.orders import LabelGroups, grouped
from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError
from textcl.types.text import Example


def test_rows_of_a_label_stand_in_groups_and_none_is_lost() -> None:
    labels = np.array([5, 6, 5, 6, 5, 6, 7, 5])
    order = np.random.default_rng(1).permutation(8)
    found = grouped(order, labels, 2, np.random.default_rng(2))
    assert sorted(found) == list(range(8))
    runs = np.split(labels[found], np.flatnonzero(np.diff(labels[found])) + 1)
    assert {int(run[0]): sum(len(r) for r in runs if r[0] == run[0]) for run in runs} == {5: 4, 6: 3, 7: 1}
    assert all(len(run) in (2, 4) for run in runs if run[0] == 5)


def test_the_order_within_a_label_and_the_order_of_groups_are_random() -> None:
    labels = np.repeat(np.arange(10), 4)
    orders = {tuple(grouped(np.arange(40), labels, 4, np.random.default_rng(seed))) for seed in range(5)}
    assert len(orders) == 5
    assert tuple(range(40)) not in orders


def test_a_row_without_a_label_is_named() -> None:
    rows = Rows(Example(0, "one", label=3), Example(1, "two"))
    with pytest.raises(DataError, match=r"1: found no label; data\.rows_per_label groups rows by it"):
        LabelGroups(rows, 2, 1)


def test_labels_of_a_file_may_be_larger_than_64_bits(tmp_path: Path) -> None:
    lines = [f'{{"anchor": "text {row}", "k": {10**20 + row % 2}}}\n' for row in range(6)]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    drawn = LabelGroups(JsonLines(str(tmp_path / "a.jsonl"), positive=None, label="k"), 3, 1)(0)
    assert {frozenset(drawn.rows[:3].tolist()), frozenset(drawn.rows[3:].tolist())} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }
