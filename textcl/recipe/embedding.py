"""How an evaluation sees a model: a function from texts to vectors, the work shared by the ranks of a run."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from textcl.encoder import TextEncoder
from textcl.evaluation import Store, VectorStore, cached
from textcl.evaluation.embedding_cache import BLOCK
from textcl.recipe.rank_store import MainStore
from textcl.training import Ranks
from textcl.types import Embed, FloatArray, Role


def fresh_embed(
    encoder: TextEncoder,
    ranks: Ranks,
    *,
    on_texts: Callable[[int], None] | None = None,
    on_missing: Callable[[int], None] | None = None,
    deterministic: bool = False,
) -> Embed:
    """Return the encoder as it is now: each text is embedded once, for as long as the function lives.

    It must not outlive a change of the weights; a run takes a new one for each time that it is scored.

    Args:
        encoder: The model, the same on every rank.
        ranks: Who shares the work.
        on_texts: Called with the number of texts that were just finished, over all ranks.
        on_missing: Called with the number of texts that are about to be embedded.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
    """
    shared = shared_embed(encoder, ranks, on_texts, deterministic)
    store = VectorStore(encoder.dimension) if ranks.is_main else None
    return through_store(shared, encoder, ranks, store, on_missing=on_missing)


def through_store(
    embed: Embed,
    encoder: TextEncoder,
    ranks: Ranks,
    store: Store | None,
    *,
    model: str = "",
    on_missing: Callable[[int], None] | None = None,
) -> Embed:
    """Put rank 0's store in front of a model: roles with one tower and one prompt share their vectors.

    Args:
        embed: The model, its work shared by the ranks.
        encoder: The same.
        ranks: Rank 0 looks vectors up and keeps them; all get them.
        store: Of rank 0; None on the others.
        model: What decides the vectors beside text, tower and prompt, for a store that outlives the process.
        on_missing: Called with the number of texts that are about to be embedded.
    """

    def space(role: Role) -> str:
        return f"{model} {encoder.tokenize([], role).tower} {encoder.prompts[role]}"

    return cached(embed, MainStore(store, encoder.dimension, ranks), space, on_missing, BLOCK * ranks.count)


def shared_embed(
    encoder: TextEncoder, ranks: Ranks, on_texts: Callable[[int], None] | None = None, deterministic: bool = False
) -> Embed:
    """Return the function that embeds texts with this encoder; every rank embeds a share and gets all vectors.

    Args:
        encoder: The model, the same on every rank.
        ranks: Who shares the work. Where one fails, all fail.
        on_texts: Called with the number of texts that were just finished, over all ranks, as this one sees it.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
    """

    def embed(texts: Sequence[str], role: Role) -> FloatArray:
        shares = [np.arange(len(texts))[rank :: ranks.count] for rank in range(ranks.count)]  # alike in length
        own = [texts[position] for position in shares[ranks.rank]]
        progress = None if on_texts is None else _scaled(on_texts, len(own), len(texts))
        encoded = ranks.together(lambda: encoder.encode(own, role=role, progress=progress, deterministic=deterministic))
        gathered = ranks.gather(torch.from_numpy(encoded).to(ranks.device)).cpu().numpy()
        vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        vectors[np.concatenate(shares)] = gathered
        return vectors  # (N, D)

    return embed


def _scaled(on_texts: Callable[[int], None], own: int, total: int) -> Callable[[int], None]:
    """Return what counts own texts and tells the texts of all ranks that this stands for."""
    done = 0

    def count(texts: int) -> None:
        nonlocal done
        before, done = done, done + texts
        on_texts(done * total // own - before * total // own)

    return count
