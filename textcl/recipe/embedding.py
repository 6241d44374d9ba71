"""How an evaluation sees a model: a function from texts to vectors, the work shared by the ranks of a run."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from textcl.encoder import TextEncoder
from textcl.training import Ranks
from textcl.types import Embed, FloatArray, Role


def shared_embed(encoder: TextEncoder, ranks: Ranks, on_texts: Callable[[int], None] | None = None) -> Embed:
    """Return the function that embeds texts with this encoder; every rank embeds a share and gets all vectors.

    Args:
        encoder: The model, the same on every rank.
        ranks: Who shares the work.
        on_texts: Called with the number of texts that this rank has just finished.
    """

    def embed(texts: Sequence[str], role: Role) -> FloatArray:
        own = np.array_split(np.arange(len(texts)), ranks.count)[ranks.rank]
        vectors = torch.from_numpy(encoder.encode([texts[position] for position in own], role=role, progress=on_texts))
        gathered: FloatArray = ranks.gather(vectors.to(ranks.device)).cpu().numpy()  # (N, D)
        return gathered

    return embed
