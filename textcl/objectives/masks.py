"""Which candidates are no negatives because their text, or that of their row, says the same."""

from collections.abc import Sequence

import torch
from torch import Tensor


def says_the_same(rows: Sequence[Tensor], candidates: Tensor) -> Tensor:
    """Find the candidates whose text is one of a row's own texts.

    Args:
        rows: The numbers of each row's texts, a tensor (B,) for each text.
        candidates: The numbers of the candidates' texts, (N,).

    Returns:
        True where candidate j is equal to a text of row i, (B, N) bool.
    """
    return torch.stack([texts[:, None] == candidates for texts in rows]).any(dim=0)


def false_negatives(pair: tuple[Tensor, Tensor], others: tuple[Tensor, Tensor]) -> Tensor:
    """Find the candidates that must not count as negatives of a row.

    These are the texts equal to one of the row's two, and those that are paired with a text that the row holds at the
    same place: the answers to an equal question, the questions of an equal answer.

    Args:
        pair: The numbers of each row's two texts, 2 x (B,); the one that stands where the candidates stand comes first.
        others: The numbers of each candidate and of the text that it is paired with, 2 x (N,).

    Returns:
        True where row i must not be pushed from candidate j, (B, N) bool; a row's own text is among them.
    """
    candidates, partners = others
    return says_the_same(pair, candidates) | (pair[1][:, None] == partners)


def rows_that_share_a_text(identity: Sequence[Tensor]) -> Tensor:
    """Find the rows that have a text in common, whatever view it stands in.

    Args:
        identity: For each view the numbers of its texts, V x (B,) int64.

    Returns:
        True where rows i and j share a text, (B, B) bool; a row shares its texts with itself.
    """
    return torch.stack([says_the_same(identity, texts) for texts in identity]).any(dim=0)
