"""Projectors and predictors: small networks between the embeddings and a loss, used in training only."""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mlp(widths: Sequence[int], *, ends_in_norm: bool = False) -> nn.Sequential:
    """Build linear layers with batch norm and ReLU between them.

    The norms use the statistics of the batch they see and keep none, so a forward pass has no side effects. They need
    two rows at least.

    Args:
        widths: Of the input, of each hidden layer and of the output; at least two.
        ends_in_norm: Whether a batch norm without scale and shift follows the last layer.

    Returns:
        A module from (N, widths[0]) to (N, widths[-1]).

    Source:
        Chen et al. 2020, A Simple Framework for Contrastive Learning (SimCLR), section 4.2. arXiv:2002.05709
        Chen & He 2021, Exploring Simple Siamese Representation Learning, section 3. arXiv:2011.10566
    """
    layers: list[nn.Module] = []
    for before, width in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(before, width, bias=False), _norm(width), nn.ReLU()]
    layers.append(nn.Linear(widths[-2], widths[-1], bias=not ends_in_norm))
    if ends_in_norm:
        layers.append(_norm(widths[-1], affine=False))
    return nn.Sequential(*layers)


def check_widths(**widths: int) -> None:
    """Refuse a layer without units.

    Raises:
        ValueError: Names the argument.
    """
    for name, width in widths.items():
        if width < 1:
            raise ValueError(f"{name}: found {width}, but it is the width of a layer: 1 or more.")


def _norm(width: int, affine: bool = True) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(width, affine=affine, track_running_stats=False)


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
