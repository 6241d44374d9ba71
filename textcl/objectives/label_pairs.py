"""Which texts of a batch belong together and which apart, by the labels of their rows."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.objectives.roles import want_roles
from textcl.types import EmbeddedBatch, Role


def want_labels(objective: str, roles: Sequence[Role], labelled: bool) -> None:
    """Refuse rows without labels, and views that do not share the label of their row.

    Args:
        objective: Its name, for the message.
        roles: Of the V views.
        labelled: Whether rows carry labels.

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    want_roles(objective, roles, positives=(0, None))
    if not labelled:
        raise ValueError(
            f"found rows without labels, but {objective} tells by them which texts belong together. Name their column "
            "in the source (label: …)."
        )


def pairs_by_label(batch: EmbeddedBatch) -> tuple[Tensor, Tensor]:
    """Compare the labels of all texts of the batch, one view after the other; N is V * B.

    A row's views share its label. Equal texts are never each other's negatives, whatever their labels.

    Args:
        batch: With labels.

    Returns:
        Which texts are positives of a text, itself excluded, and which are its negatives; both (N, N) bool.
    """
    assert batch.labels is not None, "`check` wants labels"
    labels = batch.labels.repeat(len(batch.views))  # (N,)
    identity = torch.cat(batch.identity)  # (N,)
    same = labels[:, None] == labels  # (N, N)
    negatives = ~same & (identity[:, None] != identity)
    return same.fill_diagonal_(False), negatives
