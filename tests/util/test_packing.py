import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcl.types.batches import Tokens
from textcl.util.packing import CPU, CUDA, TABLE, cuts_for, joined, pad, plan, widths

lengths_of_sequences = st.lists(st.integers(1, 60), max_size=40)


def cost(lengths: list[int], chunks: list[np.ndarray]) -> int:
    return sum(len(chunk) * max(lengths[row] for row in chunk) + CPU.chunk_cost for chunk in chunks)


def cheapest(lengths: list[int], chunk_tokens: int) -> int:
    """The least cost over every way to cut the sorted lengths into chunks of 1 to 8 sequences."""
    ordered = sorted(lengths)
    best = None
    for cuts in itertools.chain.from_iterable(
        itertools.combinations(range(1, len(ordered)), count) for count in range(len(ordered))
    ):
        parts = [ordered[a:b] for a, b in itertools.pairwise([0, *cuts, len(ordered)])]
        if all(len(part) == 1 or (len(part) <= 8 and len(part) * part[-1] <= chunk_tokens) for part in parts):
            total = sum(len(part) * part[-1] + CPU.chunk_cost for part in parts)
            best = total if best is None else min(best, total)
    assert best is not None
    return best


@given(lengths_of_sequences, st.integers(1, 300))
def test_every_sequence_lands_in_one_chunk_within_the_budget(lengths: list[int], chunk_tokens: int) -> None:
    chunks = plan(np.array(lengths, dtype=np.int64), chunk_tokens)
    assert sorted(row for chunk in chunks for row in chunk) == list(range(len(lengths)))
    assert all(len(chunk) == 1 or len(chunk) * max(lengths[row] for row in chunk) <= chunk_tokens for chunk in chunks)


@pytest.mark.parametrize("seed", range(5))
def test_cuts_cost_as_little_as_the_best_of_all_cuts(seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(1, 200, size=9).tolist()
    assert cost(lengths, plan(np.array(lengths), 600)) == cheapest(lengths, 600)


def test_chunks_hold_few_different_numbers_of_sequences() -> None:
    sizes = {len(chunk) for count in range(1, 40) for chunk in plan(np.full(count, 3), 3 * 30)}
    assert sizes == {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28}


def sequences(*lengths: int, longest: int) -> Tokens:
    ids = tuple(np.arange(length) for length in lengths)
    return Tokens(ids, np.zeros(len(ids), dtype=np.int64), pad_id=0, longest=longest)


def test_widths_grow_coarser_with_the_length() -> None:
    lengths = (1, 7, 31, 32, 33, 34, 63, 65, 127, 129, 255, 256)
    wanted = [1, 7, 31, 32, 34, 34, 64, 68, 128, 136, 256, 256]
    tokens = sequences(*lengths, longest=256)
    assert widths(tokens).tolist() == wanted
    assert [pad(tokens, np.array([row])).ids.shape[1] for row in range(len(lengths))] == wanted


@pytest.mark.parametrize(("longest", "wanted"), [(0, 129), (131, 131), (140, 136)])
def test_no_width_exceeds_what_an_encoder_takes(longest: int, wanted: int) -> None:
    assert widths(sequences(129, longest=longest)).tolist() == [wanted]


def test_padding_stands_on_the_right_and_skipped_tokens_are_not_pooled() -> None:
    tokens = Tokens((np.array([5, 6, 7]), np.array([8]), np.array([9, 9])), np.array([2, 0, 0]), pad_id=1)
    chunk = pad(tokens, np.array([1, 0]))
    assert chunk.ids.tolist() == [[8, 1, 1], [5, 6, 7]]
    assert chunk.mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert chunk.pooled.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_an_empty_pool_has_no_chunks() -> None:
    assert plan(np.array([], dtype=np.int64), 100) == []


def test_pools_of_a_tower_are_joined_in_order() -> None:
    one = Tokens((np.array([1, 2]),), np.array([1]), pad_id=0, tower=1)
    two = Tokens((np.array([3]), np.array([4])), np.array([0, 0]), pad_id=0, tower=1)
    both = joined([one, two])
    assert [ids.tolist() for ids in both.ids] == [[1, 2], [3], [4]]
    assert both.skipped.tolist() == [1, 0, 0]
    assert pad(both, np.array([2])).tower == 1


def test_a_gpu_takes_a_batch_at_once_where_a_cpu_cuts_it_into_chunks_of_like_length() -> None:
    lengths = np.random.default_rng(1).integers(3, 60, size=200)
    assert len(plan(lengths, CPU.chunk_tokens, CPU)) > 3
    assert len(plan(lengths, CUDA.chunk_tokens, CUDA)) == 1
    assert (cuts_for("cpu"), cuts_for("cuda:1")) == (CPU, CUDA)


def test_sequences_whose_padding_costs_less_than_a_chunk_stay_together() -> None:
    lengths = np.array([3, 70, 1, 9, 5])

    assert [rows.tolist() for rows in plan(lengths, TABLE.chunk_tokens, TABLE)] == [[2, 0, 4, 3, 1]]
    assert len(plan(lengths, 100, CPU)) > 1
    assert len(plan(lengths, 5 * 70 - 1, TABLE)) > 1
