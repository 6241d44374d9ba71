"""The four directions in which similarities within a batch of pairs are read, and the softmax over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.views import false_negatives, views_of
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


class Direction(StrEnum):
    """Who chooses, and from what: queries are the anchors; docs are the positives and the hard negatives of all rows.

    A hard negative can be chosen, but never chooses: it belongs to no anchor, so there is nothing for it to find.

    Source:
        Li et al. 2023, Towards General Text Embeddings with Multi-stage Contrastive Learning (GTE), section 3.3.
        arXiv:2308.03281
    """

    QUERY_TO_DOC = "query_to_doc"
    QUERY_TO_QUERY = "query_to_query"
    DOC_TO_QUERY = "doc_to_query"
    DOC_TO_DOC = "doc_to_doc"

    @property
    def is_from_anchors(self) -> bool:
        """Whether anchors choose; else positives do."""
        return self in (Direction.QUERY_TO_DOC, Direction.QUERY_TO_QUERY)

    @property
    def is_to_anchors(self) -> bool:
        """Whether anchors are what can be chosen; else positives and hard negatives are."""
        return self in (Direction.QUERY_TO_QUERY, Direction.DOC_TO_QUERY)

    @property
    def holds_positive(self) -> bool:
        """Whether the other text of the pair can be chosen."""
        return self.is_from_anchors is not self.is_to_anchors


class PartitionMode(StrEnum):
    """What a softmax runs over: the candidates of all directions, or those of each direction alone."""

    JOINT = "joint"
    PER_DIRECTION = "per_direction"


def checked_directions(directions: Sequence[Direction], partition_mode: PartitionMode) -> tuple[Direction, ...]:
    """Return directions in the order of their definition, `query_to_doc` first.

    Raises:
        ValueError: `query_to_doc` is missing, a direction is unknown or stands there twice, or one without a positive
            would have a softmax of its own.
    """
    names = ", ".join(directions)
    unknown = set(directions) - set(Direction)
    if unknown or len(set(directions)) < len(directions):
        raise ValueError(
            f"directions: found {names}, but each must be one of {', '.join(Direction)}, and stand there once."
        )
    if Direction.QUERY_TO_DOC not in directions:
        raise ValueError(f"directions: found {names or 'none'}, but query_to_doc must be among them.")
    ordered = tuple(direction for direction in Direction if direction in directions)
    without = [direction for direction in ordered if not direction.holds_positive]
    if without and partition_mode is PartitionMode.PER_DIRECTION:
        raise ValueError(
            f"directions: found {', '.join(without)}, which holds no positive to find, but each direction has a "
            "softmax of its own. Set partition_mode to joint."
        )
    return ordered


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of a direction; a positive, where there is one, stands at the row's own position."""

    direction: Direction
    cosines: Tensor  # (B, N)
    masked: Tensor  # (B, N) bool, True where a candidate is no negative

    def logits(self, temperature: float | Tensor) -> Tensor:
        """Return the cosines over a temperature, minus infinity where masked, (B, N)."""
        return (self.cosines / temperature).masked_fill(self.masked, -torch.inf)


def pool_of(batch: EmbeddedBatch, direction: Direction) -> Pool:
    """Compare the texts of a direction, and mask what says the same.

    Texts equal to one of the row's, to a positive of an equal anchor or to an anchor of an equal positive are masked
    wherever they stand; among texts of one kind so is all that belongs to the row itself.
    """
    (anchor,), (positive,) = views_of(batch.roles, Role.ANCHOR), views_of(batch.roles, Role.POSITIVE)
    chooser = anchor if direction.is_from_anchors else positive
    views = [anchor] if direction.is_to_anchors else [positive, *views_of(batch.roles, Role.NEGATIVE)]
    candidates = torch.cat([batch.views[view] for view in views])
    cosines = F.normalize(batch.views[chooser], dim=-1) @ F.normalize(candidates, dim=-1).T  # (B, N)
    masked = torch.cat([_masked(batch.identity, anchor, positive, view) for view in views], dim=1)  # (B, N)
    own = torch.eye(len(masked), dtype=torch.bool, device=masked.device)  # (B, B)
    if direction.holds_positive:
        masked[:, : len(own)] &= ~own
    else:
        masked |= own.repeat(1, len(views))
    return Pool(direction, cosines, masked)


def pick_own(logits: list[Tensor]) -> Tensor:
    """Cross-entropy of picking the candidate at the row's own position, averaged over rows and over the softmaxes.

    Args:
        logits: For each softmax those of the candidates, (B, N).

    Returns:
        The mean, a scalar in nats.
    """
    own = torch.arange(len(logits[0]), device=logits[0].device)
    return torch.stack([F.cross_entropy(each, own) for each in logits]).mean()


def _masked(identity: tuple[Tensor, ...], anchor: int, positive: int, view: int) -> Tensor:
    pair = (identity[anchor], identity[positive])
    of_kind = pair if view == anchor else pair[::-1]  # hard negatives are of the positives' kind
    return false_negatives(of_kind, of_kind, identity[view])
