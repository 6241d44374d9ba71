"""Cut a pool of sequences into chunks of similar length, so that padding all but disappears.

The cuts are planned by dynamic programming over the sorted lengths: the padded tokens of all chunks plus a fixed cost a
chunk are as few as they can be. That cost depends on the device: a GPU computes thousands of tokens in the time that it
takes to start the kernels of a chunk. Widths and numbers of sequences come from a grid that grows coarser: oneDNN
builds kernels for each new shape, which takes milliseconds and memory that it never gives back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from textcl.types.batches import BoolArray, Chunk, InputFormat, IntArray, Kept, Tokens

_WIDTHS = 16  # points of the grid of widths, from one power of two to the next


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """How a device likes its work cut; tokens count with their padding."""

    chunk_tokens: int  # that a chunk holds at most
    live_tokens: int  # whose graph a training step keeps; more costs memory, fewer are computed twice
    chunk_cost: int  # what starting a chunk costs
    points: int  # of the grid of numbers of sequences, from one power of two to the next


CPU, CUDA = ChunkLimits(2048, 4096, 150, 4), ChunkLimits(32_768, 32_768, 8000, 64)

TABLE = ChunkLimits(1 << 18, 1 << 20, 1 << 18, 1 << 18)  # of token embeddings, whose tokens cost next to nothing


def cuts_for(device: torch.device | str) -> ChunkLimits:
    """Return how a device likes its work cut."""
    return CPU if torch.device(device).type == "cpu" else CUDA


def widths(tokens: Tokens) -> IntArray:
    """Return for each sequence the width of a chunk in which it is the longest, (N,): on the grid, where there is room.

    Up to 32 tokens each width has a kernel of its own, then every second, from 64 on every fourth, and so on.
    """
    return tokens.lengths if tokens.one_length else _widened(tokens.lengths, tokens.longest)


def chunks_of(tokens: Tokens, chunk_tokens: int, cuts: ChunkLimits = CPU) -> list[IntArray]:
    """Cut a pool into chunks as `plan` does; sequences that must not be padded meet none of another length."""
    wide = widths(tokens)
    if not tokens.one_length:
        return plan(wide, chunk_tokens, cuts)
    of_length = [np.flatnonzero(wide == length) for length in np.unique(wide)]
    return [rows[part] for rows in of_length for part in plan(wide[rows], chunk_tokens, cuts)]


def plan(lengths: IntArray, chunk_tokens: int, cuts: ChunkLimits = CPU) -> list[IntArray]:
    """Cut sequences into chunks of at most `chunk_tokens` padded tokens, shortest sequences first.

    A sequence longer than `chunk_tokens` gets a chunk of its own. On a CPU a chunk holds 1 to 8, 10, 12, 14, 16, 20, …
    of them.

    Args:
        lengths: What each sequence takes of a chunk's width, in tokens, (N,).
        chunk_tokens: The padded tokens that a chunk may hold.
        cuts: How the device likes it; its own `chunk_tokens` is what a caller may pass.

    Returns:
        For each chunk the positions of its sequences; together a permutation of range(N).
    """
    order = np.argsort(lengths, kind="stable")
    if _is_one(lengths, chunk_tokens, cuts):
        return [order]
    ends = _best_ends(lengths[order], chunk_tokens, cuts)
    return [order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []


def one_by_one(count: int) -> list[IntArray]:
    """Give each sequence a chunk of its own: no padding, no neighbours, and a shape that depends on it alone.

    Kernels choose by shape in which order they sum, so this is what makes a vector the same to the last bit.

    Args:
        count: Number of sequences.

    Returns:
        For each chunk the position of its sequence.
    """
    return list(np.arange(count).reshape(count, 1))


def _is_one(lengths: IntArray, chunk_tokens: int, cuts: ChunkLimits) -> bool:
    """Say whether sequences are best together, for the padding of all of them costs less than a second chunk."""
    if not len(lengths) or _on_grid(np.array([len(lengths)]), cuts.points)[0] != len(lengths):
        return False
    padded = len(lengths) * int(lengths.max())
    return padded <= chunk_tokens and padded - int(lengths.sum()) < cuts.chunk_cost


def _best_ends(ascending: IntArray, chunk_tokens: int, cuts: ChunkLimits) -> list[int]:
    """Return where each chunk ends in the ascending lengths, at the least total cost."""
    count = len(ascending)
    sizes = np.unique(_on_grid(np.arange(1, count + 1), cuts.points))
    cost = np.zeros(count + 1, dtype=np.int64)  # of the best cuts of the first i sequences
    start = np.zeros(count + 1, dtype=np.int64)  # where the last chunk of these cuts starts
    for end in range(1, count + 1):
        longest = int(ascending[end - 1])
        most = min(end, max(1, chunk_tokens // max(1, longest)))
        allowed = sizes[: np.searchsorted(sizes, most, side="right")]
        candidates = cost[end - allowed] + allowed * longest
        best = int(candidates.argmin())
        cost[end] = candidates[best] + cuts.chunk_cost
        start[end] = end - allowed[best]
    ends = []
    while count:
        ends.append(count)
        count = int(start[count])
    return ends[::-1]


def _widened(lengths: IntArray, longest: int) -> IntArray:
    return np.maximum(lengths, np.minimum(_on_grid(lengths, _WIDTHS), longest))


def _on_grid(numbers: IntArray, points: int) -> IntArray:
    """Round positive numbers up to a grid of so many points from one power of two to the next."""
    step = np.maximum(1, 2 ** np.log2(numbers).astype(np.int64) // points)
    return -(-numbers // step) * step


def joined(pools: Sequence[Tokens]) -> Tokens:
    """Put pools of one tower end to end."""
    ids = tuple(sequence for pool in pools for sequence in pool.ids)
    skipped = np.concatenate([pool.skipped for pool in pools])
    kept = tuple(entry for pool in pools for entry in pool.kept or (None,) * len(pool))
    # Each pool has a prompt of its own, so together they have no format.
    return replace(pools[0], ids=ids, skipped=skipped, format=InputFormat(), kept=kept if any(kept) else ())


def pad(tokens: Tokens, rows: IntArray, device: torch.device | str = "cpu") -> Chunk:
    """Pad some sequences on the right to one width, that of the longest of them.

    Args:
        tokens: The pool.
        rows: Positions of the sequences to take, (n,).
        device: Where the chunk shall lie.

    Returns:
        A chunk of shape (n, L).
    """
    lengths = tokens.lengths[rows]
    width = int(widths(tokens)[rows].max())
    ids = np.full((len(rows), width), tokens.pad_id, dtype=np.int64)  # (n, L)
    for position, row in enumerate(rows):
        ids[position, : lengths[position]] = tokens.ids[row]
    columns = np.arange(width)
    mask = (columns < lengths[:, None]).astype(np.int64)
    pooled = mask * (columns >= tokens.skipped[rows][:, None])
    arrays = (ids, mask, pooled, *_kept([tokens.kept[row] for row in rows] if tokens.kept else [], width))
    is_cuda = torch.device(device).type == "cuda"  # elsewhere a copy that is not waited for may read what has gone
    tensors = [torch.from_numpy(array).to(device, non_blocking=is_cuda) for array in arrays]
    chunk = Chunk(tensors[0], tensors[1], tensors[2], tokens.tower)
    return chunk if len(tensors) == 3 else replace(chunk, kept_tokens=tensors[3], kept_features=tensors[4])


def _kept(sequences: Sequence[Kept | None], width: int) -> tuple[BoolArray, ...]:
    """Return the kept tokens (n, L) and features (n, H) of a chunk, or nothing where all are kept."""
    cut = {row: kept for row, kept in enumerate(sequences) if kept is not None}
    if not cut:
        return ()
    tokens = np.ones((len(sequences), width), dtype=np.bool_)
    features = np.ones((len(sequences), len(next(iter(cut.values())).features)), dtype=np.bool_)
    for row, kept in cut.items():
        tokens[row, : len(kept.tokens)] = kept.tokens
        features[row] = kept.features
    return tokens, features
