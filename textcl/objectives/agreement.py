"""How well predictions made from each view meet the targets of the other views."""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def agreement(predictions: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Mean cosine between every view's prediction and every other view's target.

    Args:
        predictions: One a view, V x (B, D).
        targets: One a view, V x (B, D); they should carry no gradient.

    Returns:
        The mean over rows and over the ordered pairs of different views, a scalar from -1 to 1.
    """
    predicted = [F.normalize(prediction, dim=-1) for prediction in predictions]
    wanted = [F.normalize(target, dim=-1) for target in targets]
    pairs = itertools.permutations(range(len(predicted)), 2)
    return torch.stack([(predicted[a] * wanted[b]).sum(dim=-1).mean() for a, b in pairs]).mean()
