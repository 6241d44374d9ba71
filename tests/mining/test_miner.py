"""Mining against a naive loop, and what it promises."""

import numpy as np
import pytest

from tests.mining.clouds import heap, naive, unit
from textcl.errors import DataError
from textcl.files.corpora import Pair
from textcl.mining.collection import Collection
from textcl.mining.miner import MOST_COMPARISONS, Mined, check_range, mine, usual_factory
from textcl.mining.selection import Bounds, ExclusionReason, MiningRequest


def negatives(mined: Mined) -> list[list[int]]:
    return [[number for number in row if number >= 0] for row in mined.negatives.ids.tolist()]


@pytest.mark.parametrize(
    "wanted",
    [
        MiningRequest(3, 0, 10),
        MiningRequest(2, 4, 7),
        MiningRequest(5, 0, 1000),
        MiningRequest(3, 1, 20, Bounds(max_score=0.3)),
        MiningRequest(3, 0, 20, Bounds(min_score=0.1)),
        MiningRequest(3, 2, 30, Bounds(absolute_margin=0.2)),
        MiningRequest(3, 0, 30, Bounds(relative_margin=0.2)),
        MiningRequest(3, 1, 30, Bounds(0.5, -0.5, 0.05, 0.1)),
        MiningRequest(3, 0, 30, close=0.2),
    ],
)
@pytest.mark.parametrize("labels", [0, 2, 7])
def test_mining_equals_a_naive_loop(wanted: MiningRequest, labels: int) -> None:
    collection, queries, candidates = heap(40, labels)
    mined = mine(collection, queries, candidates, wanted, factory="exact")
    assert negatives(mined) == naive(collection, queries, candidates, wanted)


@pytest.mark.parametrize("sampling", ["top", "random"])
def test_the_result_does_not_depend_on_the_size_of_blocks(sampling: str) -> None:
    wanted = MiningRequest(3, 1, 12, sampling=sampling, close=0.5)
    collection, queries, candidates = heap(60, 3)
    whole = mine(collection, queries, candidates, wanted, factory="exact")
    for at_once in (1, 7, 60):
        part = mine(collection, queries, candidates, wanted, factory="exact", at_once=at_once)
        np.testing.assert_array_equal(part.negatives.ids, whole.negatives.ids)
        np.testing.assert_array_equal(part.negatives.scores, whole.negatives.scores)
        assert part.dropped == whole.dropped


def test_random_negatives_follow_from_the_seed_and_stay_in_the_range() -> None:
    collection, queries, candidates = heap(60)
    first = mine(collection, queries, candidates, MiningRequest(3, 2, 20, sampling="random", seed=1), factory="exact")
    again = mine(collection, queries, candidates, MiningRequest(3, 2, 20, sampling="random", seed=1), factory="exact")
    other = mine(collection, queries, candidates, MiningRequest(3, 2, 20, sampling="random", seed=2), factory="exact")
    ranges = naive(collection, queries, candidates, MiningRequest(18, 2, 20))
    assert negatives(first) == negatives(again) != negatives(other)
    for row, (found, allowed) in enumerate(zip(negatives(first), ranges, strict=True)):
        assert set(found) <= set(allowed)
        assert found == sorted(found, key=allowed.index), f"row {row}: hardest first"


def test_every_candidate_of_the_range_is_drawn_sooner_or_later() -> None:
    collection, queries, candidates = heap(20)
    drawn: set[int] = set()
    for seed in range(60):
        wanted = MiningRequest(2, 0, 6, sampling="random", seed=seed)
        drawn |= set(negatives(mine(collection, queries, candidates, wanted, factory="exact"))[0])
    assert drawn == set(naive(collection, queries, candidates, MiningRequest(6, 0, 6))[0])


def test_relative_margin_of_a_negative_positive_score_lowers_the_ceiling() -> None:
    collection = Collection([Pair("q", "p")], ["a", "b", "c"])
    angles = {"a": -0.79, "b": -0.83, "c": -0.85, "p": -0.8}  # cosines with the query
    candidates = np.array([[angles[t], np.sqrt(1 - angles[t] ** 2)] for t in collection.candidates], dtype=np.float32)
    wanted = MiningRequest(3, 0, 3, Bounds(relative_margin=0.05))  # at most -0.84
    mined = mine(collection, np.array([[1, 0]], dtype=np.float32), candidates, wanted, factory="exact")
    assert [collection.candidates[number] for number in negatives(mined)[0]] == ["c"]
    assert mined.dropped[ExclusionReason.RELATIVE_MARGIN] == 2


def test_no_spelling_of_a_positive_nor_of_the_query_becomes_a_negative() -> None:
    pairs = [
        Pair("What is it?", "A dog."),
        Pair("what is it", "Some cat"),
        Pair("Other", "Fish"),
        Pair("Third", "Bird"),
    ]
    collection = Collection(pairs, ["a DOG", "some cat!", "WHAT IS IT", "fish.", "Horse"])
    queries, candidates = unit(len(collection.queries), 1), unit(len(collection.candidates), 2)
    mined = mine(collection, queries, candidates, MiningRequest(9, 0, 9), factory="exact")
    found = [{collection.candidates[number] for number in row} for row in negatives(mined)]
    fish = {"fish.", "Horse", "Bird"}  # of two spellings of a fish the first
    assert found[0] == found[1] == fish
    assert found[2] == {"a DOG", "some cat!", "WHAT IS IT", "Horse", "Bird"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++ is a language", "C# is a language"), ("C is a language", "C# is a language"),
        ("it is -5 degrees", "it is 5 degrees"), ("it costs 1.5 dollars", "it costs 15 dollars"),
        ("1,5 Meter", "15 Meter"), ("it grew by 5%", "it grew by 5"),
    ],
)  # fmt: skip
def test_texts_that_differ_in_a_mark_that_matters_are_each_others_negatives(one: str, other: str) -> None:
    collection = Collection([Pair("q", one), Pair("r", other)])
    mined = mine(collection, unit(2, 1), unit(2, 2), MiningRequest(1, 0, 1), factory="exact")
    assert [collection.candidates[number] for row in negatives(mined) for number in row] == [other, one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("COVID-19 spreads.", "Covid 19 spreads"), ("1,000 men", "1000 men"), ("# Fish", "fish"), ("5 %", "5%"),
        ("\u22125 degrees", "-5 degrees"), ("Well-known: a dog, 3.", "well known a dog 3"), ("\uff0b1", "+1"),
    ],
)  # fmt: skip
def test_marks_that_do_not_matter_make_no_other_text(one: str, other: str) -> None:
    collection = Collection([Pair("q", one), Pair("r", other)])
    assert len(set(collection.candidate_folds.tolist())) == 1


def test_control_without_folding_another_spelling_would_be_a_negative() -> None:
    collection = Collection([Pair("q", "A dog."), Pair("r", "Fish")], ["a DOG"])
    collection.candidate_folds[:] = np.arange(len(collection.candidates))  # every spelling a text of its own
    collection.query_folds[:] = len(collection.candidates)
    mined = mine(collection, unit(2, 1), unit(3, 2), MiningRequest(3, 0, 3), factory="exact")
    assert "a DOG" in {collection.candidates[number] for number in negatives(mined)[0]}


def test_rows_of_one_label_are_looked_past_however_many_they_are() -> None:
    pairs = [Pair(f"q {row}", f"p {row}", "many" if row < 95 else "few") for row in range(100)]
    collection = Collection(pairs)
    mined = mine(collection, unit(100, 1), unit(100, 2), MiningRequest(3, 0, 4), factory="exact")
    assert all(number >= 95 for row in negatives(mined)[:95] for number in row)
    assert all(len(row) == 3 for row in negatives(mined))


def test_a_text_of_several_labels_is_no_negative_of_any_of_them() -> None:
    pairs = [Pair("q", "p", "a"), Pair("r", "s", "a"), Pair("t", "s", "b"), Pair("u", "v", "b"), Pair("w", "x", "c")]
    collection = Collection(pairs)
    mined = mine(collection, unit(5, 1), unit(4, 2), MiningRequest(3, 0, 4), factory="exact")
    found = {q: {collection.candidates[n] for n in negatives(mined)[row]} for row, q in enumerate(collection.queries)}
    assert found == {"q": {"v", "x"}, "r": {"v", "x"}, "t": {"p", "x"}, "u": {"p", "x"}, "w": {"p", "s", "v"}}


@pytest.mark.parametrize("factory", ["Flat", "IVF2,Flat", "SQ8"])
def test_an_index_of_faiss_finds_what_exact_search_finds(factory: str) -> None:
    collection, queries, candidates = heap(200)
    exact = mine(collection, queries, candidates, MiningRequest(3, 0, 10), factory="exact")
    found = mine(collection, queries, candidates, MiningRequest(3, 0, 10), factory=factory)
    assert np.mean(found.negatives.ids == exact.negatives.ids) > 0.95
    same = found.negatives.ids == exact.negatives.ids
    np.testing.assert_array_equal(found.negatives.scores[same], exact.negatives.scores[same])  # not its estimates


def test_candidates_are_scored_again_and_ranked_by_the_new_scores() -> None:
    collection, queries, candidates = heap(30)
    number = {text: position for position, text in enumerate(collection.candidates)}
    mined = mine(
        collection, queries, candidates, MiningRequest(4, 0, 10, Bounds(max_score=20)), factory="exact",
        rescore=lambda pairs: np.array([float(number[text]) for _, text in pairs], dtype=np.float32),
    )  # fmt: skip
    nearest = naive(collection, queries, candidates, MiningRequest(10, 0, 10))
    expected = [sorted((c for c in row if c <= 20), reverse=True)[:4] for row in nearest]
    assert negatives(mined) == expected
    assert mined.positive_scores.tolist() == [float(candidate) for _, candidate in collection.pairs.tolist()]


def test_a_range_beyond_the_candidates_takes_what_is_there_and_one_behind_them_is_refused() -> None:
    collection, queries, candidates = heap(5)
    mined = mine(collection, queries, candidates, MiningRequest(50, 0, 1000), factory="exact")
    assert [len(row) for row in negatives(mined)] == [4, 4, 4, 3]  # the last query has two of the five
    with pytest.raises(DataError, match=r"passes over the 10 hardest candidates, but there are only 5 texts"):
        mine(collection, queries, candidates, MiningRequest(5, 10, 100), factory="exact")


def test_a_positive_alone_leaves_nothing_to_mine() -> None:
    with pytest.raises(DataError, match=r"only one text to choose negatives from, and it is a positive"):
        check_range(1, MiningRequest(5, 0, 10))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0, 10), "ask for at least one"),
        ((5, 10, 10), "holds no rank"),
        ((5, -1, 10), "holds no rank"),
        ((5, 8, 10), "5 negatives cannot come from the 2 ranks"),
    ],
)
def test_what_can_not_be_mined_is_refused(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MiningRequest(*arguments)


def test_search_is_exact_until_it_would_take_hours() -> None:
    assert usual_factory(100_000, MOST_COMPARISONS // 100_000) == "exact"
    assert usual_factory(1_000_000, 1_000_000) == "IVF4096,Flat"
