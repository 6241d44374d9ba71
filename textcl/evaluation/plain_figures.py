"""Scores that another library hands over as numbers, without the items that they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.task import Values, Weights


@dataclass(frozen=True, slots=True)
class PlainFigures:
    """Metrics with no items to resample: they have no intervals."""

    values: Mapping[str, Values]  # metric -> (1,)

    @property
    def size(self) -> int:
        """Number of items: none is known."""
        return 0

    def metrics(self, weights: Weights) -> dict[str, Values]:
        """Return the same figures for each row of weights (R, 0)."""
        return {name: np.repeat(value, len(weights)) for name, value in self.values.items()}
