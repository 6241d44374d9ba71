"""A store of vectors that belongs to rank 0 and serves all ranks."""

from collections.abc import Sequence

import numpy as np
import torch

from textcl.evaluation import Found, Store
from textcl.training import Ranks
from textcl.types import FloatArray


class MainStore:
    """What rank 0 finds is what every rank finds: all agree on the texts that are missing, whoever else writes.

    Args:
        store: Rank 0's; None on the other ranks.
        width: D.
        ranks: Every rank calls each method, in the same order.
    """

    def __init__(self, store: Store | None, width: int, ranks: Ranks) -> None:
        self.width = width
        self._store, self._ranks = store, ranks

    def find(self, keys: Sequence[bytes]) -> Found:
        """Return what rank 0 holds of some keys."""
        none = Found(np.empty(0, dtype=np.int64), np.empty((0, self.width), dtype=np.float32))
        found = self._ranks.together(lambda: none if self._store is None else self._store.find(keys))
        device = self._ranks.device
        positions = self._ranks.gather(torch.from_numpy(found.positions).to(device))
        vectors = self._ranks.gather(torch.from_numpy(found.vectors).to(device))
        return Found(positions.cpu().numpy(), vectors.cpu().numpy())

    def add(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors on rank 0."""
        if self._store is not None:
            self._store.add(keys, vectors)
