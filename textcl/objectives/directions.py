"""The four directions in which similarities within a batch of pairs are read, and the softmax over them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """The candidates of some rows in a direction; a positive, where there is one, stands at the row's own position."""

    direction: Direction
    cosines: Tensor  # (b, N)
    masked: Tensor  # (b, N) bool, True where a candidate is no negative
    own: Tensor  # (b,) int64, the positions of the rows in the batch

    def logits(self, temperature: float | Tensor) -> Tensor:
        """Return the cosines over a temperature, minus infinity where masked, (b, N)."""
        return (self.cosines / temperature).masked_fill(self.masked, -torch.inf)

    def without(self, masked: Tensor) -> "Pool":
        """Return the same candidates without more of them, (b, N) bool; a row's own positive stays."""
        if self.direction.holds_positive:
            masked[range(len(self.own)), self.own] = False
        return replace(self, masked=self.masked | masked)


def pool_of(
    batch: EmbeddedBatch, direction: Direction, unit: Sequence[Tensor], own_unit: Sequence[Tensor], part: slice
) -> Pool:
    """Compare the texts of some rows, b of them, with all candidates of a direction, and mask what says the same.

    Texts equal to one of the row's, to a positive of an equal anchor or to an anchor of an equal positive are masked
    wherever they stand; among texts of one kind so is all that belongs to the row itself.

    Args:
        batch: Says what the views are, and which texts are equal.
        direction: Who chooses from what.
        unit: Of each view the vectors of all rows, of unit length, V x (B, D).
        own_unit: Those of the part, V x (b, D).
        part: The rows.
    """
    (anchor,), (positive,) = views_of(batch.roles, Role.ANCHOR), views_of(batch.roles, Role.POSITIVE)
    views, cosines = _candidates(batch.roles, direction), cosines_of(batch.roles, direction, unit, own_unit)
    masked = torch.cat([_masked(batch.identity, anchor, positive, view, part) for view in views], dim=1)  # (b, N)
    rows = len(unit[anchor])
    own = torch.arange(rows, device=masked.device)[part]
    if direction.holds_positive:
        masked[range(len(own)), own] = False
    else:
        for number in range(len(views)):
            masked[range(len(own)), own + number * rows] = True
    return Pool(direction, cosines, masked, own)


def cosines_of(
    roles: Sequence[Role], direction: Direction, unit: Sequence[Tensor], own_unit: Sequence[Tensor]
) -> Tensor:
    """Return the cosines of the texts of some rows and all candidates of a direction, (b, N).

    Args:
        roles: Of the V views.
        direction: Who chooses from what.
        unit: Of each view the vectors of all rows, of unit length, V x (B, D).
        own_unit: Those of the rows, V x (b, D).
    """
    (chooser,) = views_of(roles, Role.ANCHOR if direction.is_from_anchors else Role.POSITIVE)
    views = _candidates(roles, direction)
    candidates = unit[views[0]] if len(views) == 1 else torch.cat([unit[view] for view in views])  # (N, D)
    return own_unit[chooser] @ candidates.T


def _candidates(roles: Sequence[Role], direction: Direction) -> list[int]:
    """Return the views that can be chosen."""
    if direction.is_to_anchors:
        return views_of(roles, Role.ANCHOR)
    return [*views_of(roles, Role.POSITIVE), *views_of(roles, Role.NEGATIVE)]


def logits_of(roles: Sequence[Role], rows: int, directions: Sequence[Direction]) -> int:
    """Return how many candidates one row has in all directions together."""
    docs = sum(role is not Role.ANCHOR for role in roles)
    return rows * sum(1 if direction.is_to_anchors else docs for direction in directions)


def pick_own(logits: list[Tensor], own: Tensor) -> Tensor:
    """Cross-entropy of picking the candidate at the row's own position, averaged over the softmaxes.

    Args:
        logits: For each softmax those of the candidates, (b, N).
        own: Where each row's own candidate stands, (b,).

    Returns:
        The sum over rows, a scalar in nats.
    """
    return torch.stack([F.cross_entropy(each, own, reduction="sum") for each in logits]).mean()


def _masked(identity: tuple[Tensor, ...], anchor: int, positive: int, view: int, part: slice) -> Tensor:
    known = (identity[anchor], identity[positive])
    if view != anchor:
        known = known[::-1]  # hard negatives are of the positives' kind
    return false_negatives((known[0][part], known[1][part]), known, identity[view])
