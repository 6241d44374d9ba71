"""Which texts of a row a run trains on."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.data.sources import Rows
from textcl.data import views
from textcl.data.views import ViewSpec, are_identical, default_views, telling_rows, texts_of
from textcl.types.batches import InputSequence
from textcl.types.text import Example, Role

ANCHOR, POSITIVE, NEGATIVE = ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE), ViewSpec(Role.NEGATIVE)
TRIPLET = Example(5, "a", ("b",), ("c", "d"))


def tagged(text: str, rng: random.Random) -> str:
    return f"{text}{rng.randrange(10**9)}"


def upper(text: str, rng: random.Random) -> str:
    return text.upper()


class Untouched:
    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence:
        return sequence


def texts(example: Example, *views: ViewSpec, seed: int = 1, epoch: int = 0) -> list[str]:
    return [view.text for view in texts_of(example, views, seed, epoch)]


def test_default_views_are_an_anchor_a_positive_and_a_view_a_negative():
    assert default_views(Example(0, "a")) == (ANCHOR, POSITIVE)
    assert default_views(Example(0, "a", ("b", "c"))) == (ANCHOR, POSITIVE)
    assert default_views(TRIPLET) == (ANCHOR, POSITIVE, NEGATIVE, NEGATIVE)


def test_without_positives_every_view_is_the_anchor():
    assert texts(Example(0, "a"), ANCHOR, POSITIVE, POSITIVE) == ["a", "a", "a"]


def test_given_texts_go_to_the_views_of_their_role():
    first, second, *negatives = texts(TRIPLET, ANCHOR, POSITIVE, NEGATIVE, NEGATIVE)
    assert (first, second, sorted(negatives)) == ("a", "b", ["c", "d"])


def test_each_positive_is_drawn_about_equally_often_over_epochs():
    example = Example(0, "a", ("b", "c", "d"))
    drawn = Counter(texts(example, POSITIVE, epoch=epoch)[0] for epoch in range(300))
    assert set(drawn) == {"b", "c", "d"}
    assert min(drawn.values()) > 70  # 100 expected; 70 is 3.7 standard deviations away


def test_several_positive_views_take_different_positives_until_none_is_left():
    example = Example(0, "a", ("b", "c"))
    for epoch in range(20):
        one, two, three = texts(example, POSITIVE, POSITIVE, POSITIVE, epoch=epoch)
        assert {one, two} == {"b", "c"}
        assert three == one


def test_fewer_negative_views_than_negatives_take_a_random_selection_without_repeats():
    example = Example(0, "a", ("b",), tuple("cdef"))
    drawn = [texts(example, NEGATIVE, NEGATIVE, epoch=epoch) for epoch in range(60)]
    assert all(len(set(pair)) == 2 for pair in drawn)
    assert {text for pair in drawn for text in pair} == set("cdef")


def test_augmentations_run_in_order_and_the_original_is_kept():
    view = ViewSpec(Role.POSITIVE, (upper, tagged))
    (made,) = texts_of(TRIPLET, [view], seed=1, epoch=0)
    assert made.text.startswith("B")
    assert made.text[1:].isdigit()
    assert made.original == "b"


def test_a_text_depends_on_seed_epoch_row_and_view_and_on_nothing_else():
    view = ViewSpec(Role.ANCHOR, (tagged,))
    first, second = texts(Example(0, "a"), view, view)
    others = [
        second,
        texts(Example(1, "a"), view)[0],
        texts(Example(0, "a"), view, seed=2)[0],
        texts(Example(0, "a"), view, epoch=1)[0],
    ]
    assert len({first, *others}) == 5
    random.seed(99)
    assert texts(Example(0, "a"), view, view) == [first, second]


def test_views_leave_the_global_random_state_alone():
    before = random.getstate()
    texts(Example(0, "a", ("b", "c")), ViewSpec(Role.POSITIVE, (tagged,)))
    assert random.getstate() == before


@pytest.mark.parametrize(
    ("example", "views", "expected"),
    [
        (Example(0, "a"), (ANCHOR, POSITIVE), True),
        (Example(0, "a"), (ANCHOR, ViewSpec(Role.POSITIVE, (upper,))), False),
        (Example(0, "a"), (ViewSpec(Role.ANCHOR, (upper,)), ViewSpec(Role.POSITIVE, (upper,))), False),
        (Example(0, "a"), (ANCHOR, ViewSpec(Role.POSITIVE, input=(Untouched(),))), False),
        (Example(0, "a", ("b",)), (ANCHOR, POSITIVE), False),
        (Example(0, "a", ("b",)), (ANCHOR, ANCHOR), True),
        (Example(0, "a", ("b",)), (ANCHOR, POSITIVE, POSITIVE), True),
        (Example(0, "a", ("b", "c")), (ANCHOR, POSITIVE, POSITIVE), False),
        (TRIPLET, (ANCHOR, POSITIVE, NEGATIVE, NEGATIVE), False),
    ],
)
def test_identical_views_are_found(example: Example, views: tuple[ViewSpec, ...], expected: bool):
    assert are_identical(views, Rows(example, example)) is expected


def test_telling_rows_are_the_first_of_each_kind_and_the_ends_of_scores_and_labels() -> None:
    def row(score: float = 0.5, label: int = 1, negatives: int = 2) -> Example:
        return Example(0, "a", ("b",), ("c",) * negatives, score, label)

    rows = [row() for _ in range(30)]
    rows[4] = row(negatives=1)
    rows[5] = row(negatives=1)
    rows[9] = row(score=-3.0)
    rows[12] = row(score=7.0)
    rows[20] = row(label=8)
    rows[25] = Example(0, "a", (), (), None, None)
    assert telling_rows(Rows(*rows)) == (0, 1, 4, 9, 12, 20, 25)
    assert telling_rows(Rows(*(row(label=number) for number in (1, 2, 3, 2)))) == (0, 1, 3)


def test_of_very_many_rows_some_are_read_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST", 4)
    rows = [Example(0, "a", ("b",), (), float(number), 1) for number in range(9)]
    assert telling_rows(Rows(*rows)) == (0, 3, 6)  # every third: the first kind, two of the label, the highest score
    assert telling_rows(Rows(*rows[:4])) == (0, 1, 3)


def test_what_is_told_of_many_rows_is_kept(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_MANY", 2)
    few, many = (Rows(*(Example(0, "a", ("b",) * (row == 1)) for row in range(count))) for count in (2, 3))
    assert telling_rows(few) == telling_rows(many) == (0, 1)
    monkeypatch.setattr(views, "_telling", lambda source: iter([0]))
    assert telling_rows(few) == (0,)
    assert telling_rows(many) == (0, 1)
