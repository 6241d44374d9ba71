"""The four directions that similarities within a batch of pairs may be read in, and what each chooses from."""

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
    """Who chooses, and from what. Candidates are the positives and the hard negatives of all rows.

    A hard negative is a candidate of its anchor; it belongs to no anchor, so it never chooses.

    Source:
        Li et al. 2023, Towards General Text Embeddings with Multi-stage Contrastive Learning (GTE), section 3.3.
        arXiv:2308.03281
    """

    ANCHOR_TO_CANDIDATES = "anchor_to_candidates"
    ANCHOR_TO_ANCHORS = "anchor_to_anchors"
    POSITIVE_TO_ANCHORS = "positive_to_anchors"
    POSITIVE_TO_CANDIDATES = "positive_to_candidates"

    @property
    def is_from_anchors(self) -> bool:
        """Whether anchors choose; else positives do."""
        return self in (Direction.ANCHOR_TO_CANDIDATES, Direction.ANCHOR_TO_ANCHORS)

    @property
    def is_to_anchors(self) -> bool:
        """Whether the texts to choose from are anchors; else they are positives and hard negatives."""
        return self in (Direction.ANCHOR_TO_ANCHORS, Direction.POSITIVE_TO_ANCHORS)

    @property
    def holds_positive(self) -> bool:
        """Whether the other text of the pair is among those to choose from."""
        return self.is_from_anchors is not self.is_to_anchors


def checked_directions(directions: Sequence[Direction], shares_softmax: bool) -> tuple[Direction, ...]:
    """Return directions in the order of their definition: first the one in which anchors find their positives.

    Raises:
        ValueError: That one is missing, one is unknown or stands there twice, or one without a positive is to have a
            softmax of its own.
    """
    names = ", ".join(directions)
    unknown = set(directions) - set(Direction)
    if unknown or len(set(directions)) < len(directions):
        raise ValueError(
            f"directions: found {names}, but each is one of {', '.join(Direction)}, and stands there once."
        )
    if Direction.ANCHOR_TO_CANDIDATES not in directions:
        raise ValueError(f"directions: found {names or 'none'}, but anchor_to_candidates must be among them.")
    ordered = tuple(direction for direction in Direction if direction in directions)
    without = [direction for direction in ordered if not direction.holds_positive]
    if without and not shares_softmax:
        raise ValueError(
            f"directions: found {', '.join(without)}, which holds no positive to find, but each direction has a "
            "softmax of its own. Set shares_softmax to true."
        )
    return ordered


@dataclass(frozen=True, slots=True)
class Pool:
    """What the texts of a direction choose from; a positive, where there is one, stands at the row's own position."""

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
