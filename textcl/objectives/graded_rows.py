"""Rows with a score or a label: what objectives require of them, and what follows for pairs of texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from textcl.errors import RowError
from textcl.objectives.views import pair_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import row_blocks
from textcl.types.text import Role


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


def want_different_labels(objective: str, labels: Tensor | None, views: int) -> None:
    """Refuse rows of one label alone, and labels of one text each: they hold no positives or no negatives.

    Args:
        objective: Its name, for the message.
        labels: Of some rows, two different ones and one that comes twice where there are such, (n,).
        views: V; with two or more each row is its own positive.

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    if labels is None:
        return
    different = len(labels.unique())
    if different == 1:
        raise ValueError(
            f"found one label for all rows, but {objective} learns from texts of different labels. Is it the right "
            "column?"
        )
    if views == 1 and different == len(labels):
        raise ValueError(
            f"found no label twice, but {objective} learns from texts that share one. Is it the right column? Or give "
            "data.views a positive."
        )


def pairs_by_label(batch: EmbeddedBatch, part: slice = slice(None)) -> tuple[Tensor, Tensor]:
    """Compare the labels of the texts of some rows with those of all, one view after the other; N is V * B.

    A row's views share its label. Equal texts are never each other's negatives, whatever their labels.

    Args:
        batch: With labels.
        part: The rows; n is V times their number.

    Returns:
        Which texts are positives of a text, itself excluded, and which are its negatives; both (n, N) bool.
    """
    assert batch.labels is not None, "`check` wants labels"
    labels = batch.labels.repeat(len(batch.views))  # (N,)
    identity = torch.cat(batch.identity)  # (N,)
    own = texts_of(batch, part)
    same = labels[own, None] == labels  # (n, N)
    negatives = ~same & (identity[own, None] != identity)
    same[range(len(own)), own] = False
    return same, negatives


def count_by_label(batch: EmbeddedBatch, count: Callable[[Tensor, Tensor], Tensor]) -> int:
    """Add up what a function counts in the positives and negatives of some texts (`pairs_by_label`), over all of them.

    Args:
        batch: With labels.
        count: Of two (n, N) bool, a scalar.
    """
    views, rows = len(batch.views), len(batch.views[0])
    return sum(int(count(*pairs_by_label(batch, part))) for part in row_blocks(0, rows, views * views * rows))


def texts_of(batch: EmbeddedBatch, part: slice) -> Tensor:
    """Return the numbers of the texts of some rows, among all texts of the batch, one view after the other."""
    views, rows = len(batch.views), len(batch.views[0])
    return torch.arange(views * rows, device=batch.views[0].device).view(views, rows)[:, part].flatten()


def want_scored_pairs(objective: str, roles: Sequence[Role], scored: bool) -> None:
    """Refuse rows without scores, and other views than one anchor and one positive.

    Args:
        objective: Its name, for the message.
        roles: Of the V views.
        scored: Whether rows carry scores.

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    want_roles(objective, roles)
    if not scored:
        raise ValueError(
            f"found rows without scores, but {objective} learns from how alike two texts are. Name their column in the "
            "source (score: …)."
        )


def scored_pairs(batch: EmbeddedBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Return anchors (B, D), positives (B, D) and scores (B,)."""
    assert batch.scores is not None, "`check` wants scores"
    anchor, positive = pair_of(batch.roles)
    return batch.views[anchor], batch.views[positive], batch.scores


def want_graded_candidates(objective: str, roles: Sequence[Role], scored: bool) -> None:
    """Refuse rows without scores, and other views than one anchor, one positive and one or more negatives.

    Args:
        objective: Its name, for the message.
        roles: Of the V views.
        scored: Whether rows carry scores.

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    want_roles(objective, roles, negatives=(1, None))
    if not scored:
        raise ValueError(
            f"found rows without scores, but {objective} learns from those that a judge gave the positive and each "
            f"negative. {_NAME_SCORES}"
        )


_NAME_SCORES = "Name their columns in the source (score: [positive_score, scores])."


def want_scores_of_texts(objective: str, scores: Tensor | None) -> None:
    """Refuse one score for a whole row, and scores that tell no text of a row from another.

    Args:
        objective: Its name, for the message.
        scores: Of some rows, (n,) or (n, 1 + negatives).

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    if scores is None:
        return
    if scores.ndim == 1:
        raise ValueError(
            f"found one score for a row, but {objective} takes one for the positive and one for each negative. "
            f"{_NAME_SCORES}"
        )
    if bool((scores == scores[:, :1]).all()):
        raise ValueError(
            f"found the same score for all texts of a row, but {objective} learns from which of them a judge finds "
            "better. Are they the right columns?"
        )


@dataclass(frozen=True, slots=True)
class GradedCandidates:
    """The texts that an anchor is compared with, and what a judge says of them; n negatives."""

    anchor: int  # the view
    views: tuple[int, ...]  # the positive first, 1 + n
    scores: Tensor  # (B, 1 + n)
    masked: Tensor  # (B, 1 + n) bool, True where a negative is the positive's text: it stands in for a missing one


def graded_candidates(batch: EmbeddedBatch) -> GradedCandidates:
    """Return the candidates of each row, and their scores in the views' number format."""
    assert batch.scores is not None, "`check` wants scores"
    anchor, positive = pair_of(batch.roles)
    others = [view for view in range(len(batch.views)) if view != anchor]
    views = (positive, *(view for view in others if view != positive))
    scores = batch.scores[:, [others.index(view) for view in views]].to(batch.views[anchor].dtype)
    masked = torch.stack([batch.identity[view] == batch.identity[positive] for view in views], dim=1)
    masked[:, 0] = False
    return GradedCandidates(anchor, views, scores, masked)


def want_different_scores(objective: str, scores: Tensor | None) -> None:
    """Refuse scores that are all the same.

    Args:
        objective: Its name, for the message.
        scores: Of some rows, the lowest and the highest among them, (n,).

    Raises:
        ValueError: Says what is found and what is wanted.
    """
    if scores is not None and len(scores.unique()) == 1:
        raise ValueError(
            f"found a score of {scores[0].item():g} for all rows, but {objective} learns from which of two pairs is "
            "the more alike. Is it the right column?"
        )


def want_scores_within(objective: str, scores: Tensor, lowest: float, highest: float, advice: str) -> None:
    """Refuse scores beyond a scale.

    Args:
        objective: Its name, for the message.
        scores: Of the rows, (B,).
        lowest, highest: The ends of the scale.
        advice: What to do, a sentence.

    Raises:
        RowError: Names the first score that does not fit, and its row.
    """
    outside = ~((scores >= lowest) & (scores <= highest))  # (B,) NaN is outside
    if outside.any():
        row = int(outside.nonzero()[0])
        raise RowError(
            f"found a score of {scores[row].item():g}, but {objective} takes scores from {lowest:g} to {highest:g} "
            f"here. {advice}",
            row,
        )
