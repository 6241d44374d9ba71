"""Hardness weighting: the closer a negative is, the more it counts."""

from enum import StrEnum

import torch
from torch import Tensor


class Hardened(StrEnum):
    """Which negatives are weighted."""

    OTHER_ROWS = "other_rows"
    OWN_NEGATIVES = "own_negatives"
    ALL = "all"


def hardness_bonus(cosines: Tensor, hardened: Hardened, strength: float) -> Tensor:
    """Return what is added to the logits of the weighted negatives, which multiplies their share of the softmax.

    Args:
        cosines: Of each anchor and candidate, (B, N); the first B candidates are the positives of the rows, each
            following B the hard negatives of the rows.
        hardened: Which negatives are weighted; an anchor's own positive never is.
        strength: Multiplies the cosine; no unit, and not divided by the temperature.

    Returns:
        (B, N), without gradient.

    Source:
        Lan et al. 2025, LLaVE: Large Language and Vision Embedding Models with Hardness-Weighted Contrastive Learning,
        eq. 5. arXiv:2503.04812
    """
    rows, candidates = cosines.shape
    own = torch.eye(rows, dtype=torch.bool, device=cosines.device).repeat(1, candidates // rows)  # (B, N)
    weighted = {
        Hardened.OTHER_ROWS: ~own,
        Hardened.OWN_NEGATIVES: own,
        Hardened.ALL: torch.ones_like(own),
    }[hardened]
    weighted[:, :rows].fill_diagonal_(False)
    return strength * cosines.detach() * weighted
