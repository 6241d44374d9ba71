"""Rows held out: no text stands on both sides, whatever joins the rows, and the same rows are chosen again."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from textcl.data.held_out import Amount, Divided, hold_out, hold_out_texts
from textcl.data.orders import Shuffled
from textcl.errors import DataError
from textcl.text.folding import folded_number
from textcl.types.text import Example, Source


class Rows:
    """Rows in memory."""

    def __init__(self, rows: Sequence[Example], fingerprint: str = "rows") -> None:
        self.rows, self.fingerprint = rows, fingerprint

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Example:
        return self.rows[row]

    def location(self, row: int) -> str:
        return f"row {row}"


def pairs(count: int, questions: int, seed: int = 1) -> Rows:
    """Pairs of fewer questions than rows, so that rows share them; spelt in two ways."""
    rng = random.Random(seed)
    asked = [rng.randrange(questions) for _ in range(count)]
    spelt = [rng.choice(["What is %d?", "what  is %d"]) % number for number in asked]
    return Rows([Example(row, text, (f"the answer {row}",)) for row, text in enumerate(spelt)])


def texts_of(source: Source) -> set[int]:
    rows = [source[row] for row in range(len(source))]
    return {folded_number(text) for row in rows for text in (row.anchor, *row.positives)}


def sides(divided: Divided) -> tuple[set[int], set[int]]:
    train, held = (set().union(*map(texts_of, part)) for part in (divided.train, divided.held))
    return train, held


def anchors(sources: Sequence[Source]) -> list[str]:
    return [source[row].anchor for source in sources for row in range(len(source))]


@pytest.mark.parametrize("seed", range(5))
def test_no_text_stands_on_both_sides_where_a_split_by_row_leaks(seed: int) -> None:
    source = pairs(300, 200, seed)
    divided = hold_out([source], Amount(0.1, seed))
    train, held = sides(divided)
    assert not train & held
    assert len(train | held) == len(texts_of(source))
    assert len(divided.held[0]) == 30
    assert len(divided.train[0]) == 270
    by_row = Shuffled(300, seed)(0).rows  # the sabotage
    naive = [texts_of(Rows([source[row] for row in part])) for part in (by_row[:30], by_row[30:])]
    assert naive[0] & naive[1]


def test_rows_joined_through_a_chain_of_texts_stay_together() -> None:
    chain = [Example(0, "a", ("b",)), Example(1, "B!", ("c",)), Example(2, "x", ("C",)), Example(3, "x", ("y",))]
    others = [Example(row, f"other {row}", (f"another {row}",)) for row in range(4, 20)]
    for seed in range(20):
        held = set(anchors(hold_out([Rows([*chain, *others])], Amount(8, seed)).held))
        assert held.isdisjoint({"a", "B!", "x"}) or {"a", "B!", "x"} <= held


def test_positives_of_several_texts_join_rows_too() -> None:
    rows = [Example(row, f"q {row}", (f"own {row}", f"shared {row // 5}")) for row in range(50)]
    held = hold_out([Rows(rows)], Amount(10)).held[0]
    groups = Counter(held[row].positives[1] for row in range(len(held)))
    assert list(groups.values()) == [5, 5]


def test_the_same_rows_are_held_out_again_and_others_where_that_is_asked() -> None:
    source = pairs(300, 1000)
    first, again = (anchors(hold_out([source], Amount(0.1)).held) for _ in range(2))
    assert first == again
    assert set(first) != set(anchors(hold_out([source], Amount(0.1, seed=3)).held))


def test_rows_are_chosen_by_their_texts_alone() -> None:
    rows = [Example(row, f"question {row}", (f"the answer {row}",)) for row in range(200)]
    turned = [Example(row, example.anchor, example.positives) for row, example in enumerate(reversed(rows))]
    assert set(anchors(hold_out([Rows(rows)], Amount(20)).held)) == set(
        anchors(hold_out([Rows(turned)], Amount(20)).held)
    )
    longer = [*rows, *(Example(row, f"question {row}", (f"the answer {row}",)) for row in range(200, 210))]
    kept = set(anchors(hold_out([Rows(rows)], Amount(0.1)).held)) & set(
        anchors(hold_out([Rows(longer)], Amount(0.1)).held)
    )
    assert len(kept) >= 17  # of 20


def test_known_rows_are_held_out_on_every_machine() -> None:
    rows = [Example(row, f"question {row}", (f"the answer {row}",)) for row in range(20)]
    assert anchors(hold_out([Rows(rows)], Amount(3)).held) == ["question 6", "question 15", "question 18"]


def test_labels_are_held_out_in_the_same_measure_and_never_one_alone() -> None:
    labels = [*[1] * 100, *[2] * 40, *[3] * 8]
    rows = [Example(row, f"text {row}", label=label) for row, label in enumerate(labels)]
    held = hold_out([Rows(rows)], Amount(0.25)).held[0]
    assert Counter(held[row].label for row in range(len(held))) == {1: 25, 2: 10, 3: 2}


def test_pairs_labelled_0_and_1_are_held_out_in_the_same_measure() -> None:
    rows = [Example(row, f"one {row}", (f"two {row}",), score=float(row % 4 == 0)) for row in range(80)]
    held = hold_out([Rows(rows)], Amount(20)).held[0]
    assert Counter(held[row].score for row in range(len(held))) == {0.0: 15, 1.0: 5}


def test_each_source_gives_its_share_and_texts_shared_between_sources_stay_together() -> None:
    first = Rows([Example(row, f"first {row}", (f"shared {row}" if row < 10 else f"one {row}",)) for row in range(100)])
    second = Rows(
        [Example(row, f"shared {row}" if row < 10 else f"second {row}", (f"two {row}",)) for row in range(200)]
    )
    divided = hold_out([first, second], Amount(0.2))
    train, held = sides(divided)
    assert not train & held
    assert abs(len(divided.held[0]) - 20) <= 6
    assert sum(map(len, divided.held)) == 60


def test_what_is_left_reads_as_the_source_does() -> None:
    source = pairs(50, 500)
    train = hold_out([source], Amount(5)).train[0]
    assert [train[row].row for row in range(len(train))] == list(range(45))
    told = [int(train.location(row).split()[1]) for row in range(len(train))]
    assert told == sorted(set(told))
    assert [source[row].anchor for row in told] == [train[row].anchor for row in range(len(train))]
    assert train[-1] == train[44]
    assert train.fingerprint != source.fingerprint


def test_a_held_out_text_is_no_negative_of_a_row_that_is_trained_on() -> None:
    rows = [
        Example(row, f"q {row}", (f"p {row}",), (f"p {(row + 1) % 40}", f"P {(row + 2) % 40}!")) for row in range(40)
    ]
    divided = hold_out([Rows(rows)], Amount(12))
    train = [divided.train[0][row] for row in range(28)]
    held = sides(divided)[1]
    assert not {folded_number(text) for row in train for text in row.negatives} & held
    assert {len(row.negatives) for row in train} == {0, 2}  # none were left, or the other stands in
    assert all(row.scores == () for row in train)
    fell_in = next(row for row in train if len(set(row.negatives)) == 1)
    assert fell_in.negatives[0] in rows[int(fell_in.anchor.split()[1])].negatives


def test_negatives_that_stay_keep_the_scores_that_a_judge_gave_them() -> None:
    source = Rows([Example(row, f"q {row}", ("p",), ("gone", f"n {row}"), scores=(3.0, 2.0, 1.0)) for row in range(5)])
    train = hold_out_texts([source], Rows([Example(0, "gone", ("else",))], "held")).train[0]
    assert (train[2].negatives, train[2].scores) == (("n 2", "n 2"), (3.0, 1.0, 1.0))
    only = Rows([Example(row, f"q {row}", ("p",), ("gone",), scores=(3.0, 2.0)) for row in range(5)])
    train = hold_out_texts([only], Rows([Example(0, "gone", ("else",))], "held")).train[0]
    assert (train[2].negatives, train[2].scores) == ((), (3.0,))


def test_one_group_of_all_rows_cannot_be_divided() -> None:
    rows = [Example(row, f"question {row}", ("yes",)) for row in range(40)]
    with pytest.raises(DataError, match=r"found 4 rows to hold out, but rows that share texts .* 40 to 40 of 40 rows"):
        hold_out([Rows(rows)], Amount(0.1))


def test_a_large_group_is_trained_on_and_a_word_says_how_few_rows_are_left(caplog: pytest.LogCaptureFixture) -> None:
    joined = [Example(row, f"question {row}", ("yes",)) for row in range(95)]
    free = [Example(row, f"question {row}", (f"answer {row}",)) for row in range(95, 100)]
    divided = hold_out([Rows([*joined, *free])], Amount(0.1))
    assert sorted(anchors(divided.held)) == [f"question {row}" for row in range(95, 100)]
    assert "5 rows are held out, not 10" in caplog.text


@pytest.mark.parametrize("amount", [39, 40, 500])
def test_more_rows_than_there_are_cannot_be_held_out(amount: int) -> None:
    with pytest.raises(DataError, match=rf"found {amount} rows to hold out of 40, but 2 must be left"):
        hold_out([pairs(40, 400)], Amount(amount))


def test_rows_that_share_a_text_with_a_held_out_file_are_not_trained_on(caplog: pytest.LogCaptureFixture) -> None:
    source = Rows([Example(row, f"q {row}", (f"p {row}",), (f"p {row + 1}",)) for row in range(10)])
    held = Rows([Example(0, "Q 3?", ("new",)), Example(1, "else", ("p 7",))], "held")
    divided = hold_out_texts([source], held)
    assert anchors(divided.train) == [f"q {row}" for row in range(10) if row not in (3, 7)]
    assert divided.held == (held,)
    assert [divided.train[0][row].negatives for row in (4, 5, 6)] == [("p 6",), (), ("p 9",)]  # p 7 is held out
    assert "2 of 10 rows share a text" in caplog.text
    with pytest.raises(DataError, match="10 of 10 rows share a text with the held-out rows, and fewer than 2"):
        hold_out_texts([source], source)


def test_a_choice_among_many_rows_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("textcl.data.held_out._MANY", 10)
    source = pairs(40, 400)
    first = hold_out([source], Amount(4))
    unreadable = Rows([], source.fingerprint)
    monkeypatch.setattr(Rows, "__len__", lambda _: 40)
    again = hold_out([unreadable], Amount(4))
    assert [again.held[0].location(row) for row in range(4)] == [first.held[0].location(row) for row in range(4)]
    assert again.train[0].fingerprint == first.train[0].fingerprint


def test_processes_that_read_together_choose_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from textcl.data.sources.file_rows import FirstPass, passing

    monkeypatch.setattr("textcl.data.held_out._PART", 7)
    sources = [pairs(40, 30), pairs(20, 30, seed=2)]
    alone = hold_out(sources, Amount(9))
    with passing(FirstPass(workers=2)):
        together = hold_out(sources, Amount(9))
    assert anchors(alone.held) == anchors(together.held)
    assert not sides(together)[0] & sides(together)[1]
