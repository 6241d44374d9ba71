"""How alike a frozen encoder finds the two sides of pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textcl.encoder.opening import open_encoder
from textcl.types.batches import FloatArray
from textcl.util.cosines import row_products


@dataclass(frozen=True, slots=True)
class CosineRange:
    """Pairs whose cosine by a model is too low mean something else; those too high teach nothing.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; better not the one that is going to be trained.
        least: Pairs below are not kept.
        most: Pairs above are not kept.
        precision: float32, bf16 or auto.
    """

    model: str
    least: float = 0.7
    most: float = 0.98
    precision: str = "auto"

    def __post_init__(self) -> None:
        if not -1 <= self.least < self.most <= 1:
            raise ValueError(f"the least cosine, {self.least}, must be below the most, {self.most}, from -1 to 1.")


class PairCosines:
    """Gives the cosine of each pair of texts.

    Args:
        model: As `open_encoder` takes it.
        precision: float32, bf16 or auto.

    Raises:
        ModelError: The model cannot be opened.
    """

    def __init__(self, model: str, precision: str) -> None:
        self._encoder = open_encoder(model, precision=precision)

    def __call__(self, texts: Sequence[str], others: Sequence[str]) -> FloatArray:
        """Return the cosine of text i and other i, (N,)."""
        distinct = {text: row for row, text in enumerate(dict.fromkeys([*texts, *others]))}
        vectors = self._encoder.encode(list(distinct))  # (distinct, D), unit length
        first = vectors[[distinct[text] for text in texts]]
        second = vectors[[distinct[text] for text in others]]
        return row_products(first, second).astype(np.float32)
