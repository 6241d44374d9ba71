"""Scores of a judge for each text of a row: from columns to batches."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.data.sources import Rows
from tests.data.tokens import tokenize
from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV
from textcl.data.views import RowReader, ViewSpec, telling_rows
from textcl.data.workers import received, sent
from textcl.errors import DataError
from textcl.types.text import Example, Role
from textcl.util.cache import digested

MINED = {"anchor": "a", "positive": "b", "negatives": ["c", "d"], "scores": [0.25, 0.5], "positive_score": 0.75}
PAIR = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE))
TRIPLET = (*PAIR, ViewSpec(Role.NEGATIVE))
as_mined = partial(JsonLines, negative="negatives", score=["positive_score", "scores"])


def written(folder: Path, *rows: dict) -> str:
    path = folder / "mined.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def graded(rows: int, negatives: int) -> Rows:
    """Rows whose texts say their score: `7.25` has the score 7.25."""
    examples = []
    for row in range(rows):
        scores = tuple(row + number / 4 for number in range(1 + negatives))
        examples.append(Example(0, f"anchor {row}", (str(scores[0]),), tuple(map(str, scores[1:])), scores=scores))
    return Rows(*examples)


def test_what_mining_writes_is_read_as_scores_of_the_positive_and_its_negatives(tmp_path: Path) -> None:
    assert as_mined(written(tmp_path, MINED))[0] == Example(0, "a", ("b",), ("c", "d"), scores=(0.75, 0.25, 0.5))


def test_one_column_may_hold_all_scores(tmp_path: Path) -> None:
    row = MINED | {"labels": [3, "1.5", 2]}
    assert as_mined(written(tmp_path, row), score="labels")[0].scores == (3.0, 1.5, 2.0)


def test_one_number_is_the_score_of_the_row(tmp_path: Path) -> None:
    example = as_mined(written(tmp_path, MINED), score="positive_score")[0]
    assert (example.score, example.scores) == (0.75, ())


def test_a_table_has_a_column_a_score_of_which_some_are_empty_with_their_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("anchor,positive,n1,n2,s,s1,s2\na,b,c,d,3,1,2\ne,f,g,,4,0.5,\n", encoding="utf-8")
    source = CSV(str(path), negative=["n1", "n2"], score=["s", "s1", "s2"])
    assert [source[row].scores for row in range(2)] == [(3.0, 1.0, 2.0), (4.0, 0.5)]


def test_a_parquet_file_may_hold_lists_of_scores(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.Table.from_pylist([MINED]), tmp_path / "mined.parquet")
    source = Parquet(str(tmp_path / "mined.parquet"), negative="negatives", score=["positive_score", "scores"])
    assert source[0].scores == (0.75, 0.25, 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scores": [0.25]},
            r"line 2, column 'positive_score', 'scores': found 2 scores for 1 positives and 2 negatives",
        ),
        (
            {"scores": None},
            r"line 2, column 'positive_score', 'scores': found 1 scores for 1 positives and 2 negatives",
        ),
        ({"positive_score": None}, r"line 2, column .*: found 2 scores for 1 positives and 2 negatives"),
        ({"scores": [0.25, None]}, r"line 2, column 'scores': found null; it should be a finite number"),
        ({"scores": [0.25, float("nan")]}, r"line 2, column 'scores': found NaN; it should be a finite number"),
        ({"scores": ["low", 0.5]}, r"line 2, column 'scores': found \"low\"; it should be a finite number"),
    ],
)
def test_a_score_that_is_missing_is_refused_by_its_row_when_the_source_is_opened(
    tmp_path: Path, change: dict, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        as_mined(written(tmp_path, MINED, MINED | change))
    without = {name: value for name, value in MINED.items() if name not in change}
    with pytest.raises(DataError, match=r"line 2: no column"):
        as_mined(written(tmp_path, MINED, without))


def test_scores_without_the_texts_that_they_are_of_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, MINED)
    with pytest.raises(DataError, match=r"found 3 scores for 1 positives and 0 negatives.*name all columns"):
        as_mined(path, negative=None)
    with pytest.raises(DataError, match=r"found a list of scores.*no column of positives is named"):
        as_mined(path, positive=None)
    with pytest.raises(ValueError, match=r"score names a column twice \(scores, scores\)"):
        as_mined(path, score=["scores", "scores"])


def test_the_fingerprint_depends_on_scores_and_is_what_it_was_without_them() -> None:
    row = Example(0, "a", ("b",), ("c",), 1.0, 2)
    assert digested(row) == b"('a', ('b',), ('c',), 1.0, 2)"
    assert digested(replace(row, scores=(1.0, 2.0))) != digested(replace(row, scores=(1.0, 3.0)))


def test_scores_follow_the_texts_that_are_drawn() -> None:
    batches = Batches(graded(10, 5), (*TRIPLET, ViewSpec(Role.NEGATIVE)), tokenize, 5, seed=3)
    drawn = set()
    for step in range(3 * batches.steps_per_epoch):
        batch = batches.batch(step)
        assert batch.scores.shape == (5, 3)
        texts = [[float(text) for text in view.texts] for view in batch.views[1:]]
        assert batch.scores.T.tolist() == texts
        drawn |= {tuple(row - row[0]) for row in batch.scores}
    assert len(drawn) > 3  # other negatives in other rows and epochs


def test_the_negative_of_a_row_without_any_has_the_score_of_the_positive_that_stands_in() -> None:
    rows = Rows(
        Example(0, "a", ("b",), ("c",), scores=(3.0, 1.0)),
        Example(0, "d", ("e",), scores=(2.0,)),
    )
    batch = Batches(rows, TRIPLET, tokenize, 2, seed=3).batch(0)
    by_anchor = dict(zip(batch.views[0].texts, batch.scores.tolist(), strict=True))
    assert by_anchor == {"a": [3.0, 1.0], "d": [2.0, 2.0]}


def test_the_score_of_one_graded_view_is_that_of_the_row() -> None:
    batch = Batches(graded(4, 2), PAIR, tokenize, 4, seed=3).batch(0)
    assert sorted(batch.scores.tolist()) == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(("views", "form"), [(TRIPLET, (0, 2)), (PAIR, (0,))])
def test_a_share_without_rows_has_the_form_of_the_others(views: Sequence[ViewSpec], form: tuple[int, ...]) -> None:
    batches = Batches(graded(2, 1), views, tokenize, 2, seed=3)
    shares = [batches.batch(0, rank, 3).scores for rank in range(3)]
    assert shares[2].shape == form
    assert (np.concatenate(shares) == batches.batch(0).scores).all()


def test_workers_and_sources_that_take_turns_hand_scores_on() -> None:
    own = {name: Batches(graded(rows, 1), TRIPLET, tokenize, 2, seed=3) for name, rows in (("a", 4), ("b", 6))}
    mixed = MixedBatches(own, (0.4, 0.6))
    for step in range(mixed.steps_per_epoch):
        batch = mixed.batch(step)
        assert batch.scores[:, 1].tolist() == [float(text) for text in batch.views[2].texts]
        assert (received(sent(batch)).scores == batch.scores).all()


def test_rows_of_which_only_some_are_graded_are_refused() -> None:
    graded_row, plain = Example(0, "a", ("b",), ("c",), scores=(3.0, 1.0)), Example(0, "d", ("e",), ("f",))
    with pytest.raises(DataError, match=r"rows, row 1: found no score for each text, but rows, row 0 has one"):
        RowReader(Rows(graded_row, plain), TRIPLET, 3).example(1)
    with pytest.raises(DataError, match=r"rows, row 1: found a score, but rows, row 0 has none"):
        RowReader(Rows(graded_row, replace(plain, score=1.0)), TRIPLET, 3).example(1)
    with pytest.raises(DataError, match=r"rows, row 1: found 1 scores for 2 positives and negatives"):
        RowReader(Rows(graded_row, replace(plain, scores=(1.0,))), TRIPLET, 3).example(1)


def test_rows_that_tell_of_all_have_the_lowest_and_the_highest_score_of_any_text() -> None:
    rows = [Example(0, "a", ("b",), ("c",), scores=scores) for scores in ((0, 1), (1, -5), (0, 0), (9, 2), (3, 3))]
    assert set(telling_rows(Rows(*rows))) >= {1, 3}
