"""Sinkhorn-Knopp: soft assignments that use all prototypes alike."""

import torch
from torch import Tensor


def sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Turn scores into codes: each row is shared out among the prototypes, and each prototype gets about as much.

    It scales columns and rows of exp(scores / epsilon) by turns, rows last. It works on logarithms, in which each sum
    has its maximum subtracted, so no score is too large and no row or column sum vanishes.

    Args:
        scores: Of each row with each prototype, (B, P).
        epsilon: Divides the scores; the smaller, the harder the codes. Positive, no unit.
        iterations: How often both are scaled; 1 or more.

    Returns:
        Codes, (B, P), in float32 or wider: rows sum to 1, columns to about B / P, the closer the more iterations.

    Source:
        Cuturi 2013, Sinkhorn Distances. arXiv:1306.0895
        Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments, section 3.1.
        arXiv:2006.09882
    """
    wide = torch.promote_types(scores.dtype, torch.float32)
    logarithms = scores.to(wide) / epsilon  # (B, P)
    for _ in range(iterations):
        logarithms = logarithms.log_softmax(dim=0)
        logarithms = logarithms.log_softmax(dim=1)
    return logarithms.exp()
