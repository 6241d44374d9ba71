"""How far embeddings lie apart: by their cosine, or in a straight line."""

from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.views import unit_views
from textcl.types.batches import EmbeddedBatch


class Distance(StrEnum):
    """What tells near from far: 1 minus the cosine (0 to 2), or the length of the difference."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"


class Similarity(StrEnum):
    """What says how alike two texts are: the cosine of their vectors, or the product of the vectors as they are."""

    COSINE = "cosine"
    DOT = "dot"


def compared_by(similarity: Similarity, batch: EmbeddedBatch) -> tuple[Tensor, ...]:
    """Return the views of a batch so that products of their vectors are similarities, V x (B, D)."""
    return unit_views(batch) if similarity is Similarity.COSINE else batch.views


def checked_similarity(name: str) -> Similarity:
    """Return a similarity by its name.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in set(Similarity):
        raise ValueError(f"similarity: found {name}, but it must be one of {', '.join(Similarity)}.")
    return Similarity(name)


def check_margin(margin: float) -> None:
    """Refuse a margin that asks for nothing.

    Raises:
        ValueError: Says what is right.
    """
    if not margin > 0:
        raise ValueError(f"margin: found {margin}, but it is a distance that is kept: it must be above 0.")


def cosines_by_row(left: Tensor, right: Tensor) -> Tensor:
    """Return the cosine of each row of one matrix with the same row of the other: (N, D), (N, D) to (N,)."""
    return (F.normalize(left, dim=-1) * F.normalize(right, dim=-1)).sum(dim=-1)


def distances_by_row(left: Tensor, right: Tensor, distance: Distance) -> Tensor:
    """Return the distance of each row of one matrix to the same row of the other: (N, D), (N, D) to (N,).

    The gradient of equal rows is 0, not NaN.
    """
    if distance is Distance.COSINE:
        return 1 - cosines_by_row(left, right)
    lengths: Tensor = torch.linalg.vector_norm(left - right, dim=-1)
    return lengths


def distances_of_all(embeddings: Tensor, distance: Distance, others: Tensor | None = None) -> Tensor:
    """Return the distances between all rows: (n, D) to (n, N). The gradient of equal rows is 0, not NaN.

    Args:
        embeddings: Those that are compared, (n, D).
        distance: What is measured.
        others: What they are compared with, (N, D); None: the same rows.
    """
    others = embeddings if others is None else others
    if distance is Distance.COSINE:
        return 1 - F.normalize(embeddings, dim=-1) @ F.normalize(others, dim=-1).T
    # by differences: |a|² - 2ab + |b|² would lose near neighbours in rounding, and its root has no bounded slope there
    return torch.cdist(embeddings, others, compute_mode="donot_use_mm_for_euclid_dist")
