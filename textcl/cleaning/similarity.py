"""Pairs that a model finds too far apart, or too near to each other, to be right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.cleaning.rules import Drop
from textcl.types import Embed, Role


@dataclass(frozen=True, slots=True)
class Similarity:
    """The bounds on the cosine of a pair.

    Args:
        embed: The model.
        lowest: Below it the sides do not belong together; None: no bound.
        highest: Above it the sides say the same, and teach nothing; None: no bound.
    """

    embed: Embed
    lowest: float | None = None
    highest: float | None = None

    def faults(self, pairs: Sequence[tuple[str, str]]) -> list[Drop | None]:
        """Return for each pair why it is dropped; None: it is not."""
        if not pairs:
            return []
        first, second = zip(*pairs, strict=True)
        left, right = self.embed(first, Role.ANCHOR), self.embed(second, Role.POSITIVE)
        return [self._fault(cosine) for cosine in np.einsum("nd,nd->n", left, right, dtype=np.float64).tolist()]

    def _fault(self, cosine: float) -> Drop | None:
        if self.lowest is not None and cosine < self.lowest:
            return Drop("sides too far apart", f"cosine {cosine:.3f}")
        if self.highest is not None and cosine > self.highest:
            return Drop("sides too near", f"cosine {cosine:.3f}")
        return None
