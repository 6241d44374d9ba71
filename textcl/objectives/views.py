"""The views of a batch by their roles, and which candidates are no negatives because their text says the same."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role

_SHORTEST = 1e-12  # what a shorter vector is divided by
_ROWS = 4096  # of a gradient that are computed at once


def views_of(roles: Sequence[Role], role: Role) -> list[int]:
    """Return the positions of the views of a role."""
    return [view for view, found in enumerate(roles) if found is role]


def pair_of(roles: Sequence[Role]) -> tuple[int, int]:
    """Return the positions of the anchor and of the positive, where `want_roles` has left one of each."""
    (anchor,), (positive,) = views_of(roles, Role.ANCHOR), views_of(roles, Role.POSITIVE)
    return anchor, positive


def want_roles(
    objective: str,
    roles: Sequence[Role],
    *,
    positives: tuple[int, int | None] = (1, 1),
    negatives: tuple[int, int | None] = (0, 0),
) -> None:
    """Refuse views other than one anchor and as many positives and negatives as an objective uses.

    Args:
        objective: Its name, for the message.
        roles: Of the V views.
        positives, negatives: The fewest and the most views of the role; None: any number.

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    wanted = {Role.ANCHOR: (1, 1), Role.POSITIVE: positives, Role.NEGATIVE: negatives}
    fits = all(
        fewest <= len(views_of(roles, role)) <= (len(roles) if most is None else most)
        for role, (fewest, most) in wanted.items()
    )
    if not fits:
        takes = ", ".join(f"{_count(*bounds)} {role}" for role, bounds in wanted.items() if bounds != (0, 0))
        raise ValueError(
            f"found views of the roles {', '.join(roles) or 'none'}, but {objective} takes {takes}. List them in "
            "data.views, or name the columns of the source."
        )


def _count(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest} or more"
    return str(fewest) if fewest == most else f"{fewest} to {most}"


def unit_views(batch: EmbeddedBatch) -> tuple[Tensor, ...]:
    """Return the views of a batch with vectors of unit length, V x (B, D)."""
    return tuple(map(unit_length, batch.views))


def unit_length(vectors: Tensor) -> Tensor:
    """Return vectors (N, D) with length 1, as `torch.nn.functional.normalize` does.

    Its gradient is found a few rows at a time: of a large batch, each matrix of its size is some 100 MB.
    """
    unit: Tensor = _UnitLength.apply(vectors)  # type: ignore[no-untyped-call]
    return unit


class _UnitLength(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vectors: Tensor) -> Tensor:
        lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp_min(_SHORTEST)
        ctx.save_for_backward(vectors, lengths)
        unit: Tensor = vectors / lengths
        return unit

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        found = torch.empty_like(gradient)
        for own, vectors, lengths, out in zip(
            *(tensor.split(_ROWS) for tensor in (gradient, *ctx.saved_tensors, found)), strict=True
        ):
            unit = vectors / lengths
            along = (own * unit).sum(dim=-1, keepdim=True) * (lengths > _SHORTEST)
            out.copy_(unit.mul_(-along).add_(own).div_(lengths))
        return found


def equal_texts(texts: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Find every pair of equal texts, without a matrix of them.

    Args:
        texts: The numbers of some texts, (N,).
        others: The numbers of others, (M,).

    Returns:
        The positions of the texts and those of their equals, both (pairs,), text after text.
    """
    ordered, order = others.sort()
    texts = texts.contiguous()
    first = torch.searchsorted(ordered, texts)  # (N,)
    counts = torch.searchsorted(ordered, texts, right=True) - first
    rows = torch.repeat_interleave(torch.arange(len(texts), device=texts.device), counts)
    shifts = torch.repeat_interleave(first - (counts.cumsum(0) - counts), counts)
    return rows, order[shifts + torch.arange(len(rows), device=texts.device)]


def false_negatives(pair: tuple[Tensor, Tensor], known: tuple[Tensor, Tensor], candidates: Tensor) -> Tensor:
    """Find the candidates that must not count as negatives of a row.

    These are the texts equal to one of the row's two, and those that are known to be paired with one that the row holds
    in the same view: the answers to an equal question, the questions of an equal answer, wherever they stand.

    Args:
        pair: The numbers of each row's two texts, 2 x (b,); the one that is of the candidates' kind comes first.
        known: The numbers of the texts of all pairs at hand, 2 x (N,), in the same order.
        candidates: The numbers of the texts that are judged, (M,).

    Returns:
        True where row i must not be pushed from candidate j, (b, M) bool; a row's own text is among them.
    """
    found = torch.zeros((len(pair[0]), len(candidates)), dtype=torch.bool, device=candidates.device)
    for texts in pair:
        found[equal_texts(texts, candidates)] = True
    wanted, given = known
    rows, answers = equal_texts(pair[1], given)
    rows, texts = torch.stack([rows, wanted[answers]]).unique(dim=1)  # each answer of a row once
    which, positions = equal_texts(texts, candidates)
    found[rows[which], positions] = True
    return found


def rows_that_share_a_text(identity: Sequence[Tensor], part: slice) -> Tensor:
    """Find the rows that have a text in common with some rows, whatever view it stands in.

    Args:
        identity: For each view the numbers of its texts, V x (B,) int64.
        part: The rows that are asked about, b of them.

    Returns:
        True where row i of the part shares a text with row j, (b, B) bool; a row shares its texts with itself.
    """
    own = [texts[part] for texts in identity]
    shared = torch.zeros((len(own[0]), len(identity[0])), dtype=torch.bool, device=identity[0].device)
    for mine in own:
        for texts in identity:
            shared[equal_texts(mine, texts)] = True
    return shared
