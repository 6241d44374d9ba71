"""The views of a batch by their roles, and which candidates are no negatives because their text says the same."""

from collections.abc import Sequence

import torch
from torch import Tensor

from textcl.types.text import Role


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


def says_the_same(rows: Sequence[Tensor], candidates: Tensor) -> Tensor:
    """Find the candidates whose text is one of a row's own texts.

    Args:
        rows: The numbers of each row's texts, a tensor (B,) for each text.
        candidates: The numbers of the candidates' texts, (N,).

    Returns:
        True where candidate j is equal to a text of row i, (B, N) bool.
    """
    return torch.stack([texts[:, None] == candidates for texts in rows]).any(dim=0)


def false_negatives(pair: tuple[Tensor, Tensor], known: tuple[Tensor, Tensor], candidates: Tensor) -> Tensor:
    """Find the candidates that must not count as negatives of a row.

    These are the texts equal to one of the row's two, and those that are known to be paired with one that the row holds
    in the same view: the answers to an equal question, the questions of an equal answer, wherever they stand.

    Args:
        pair: The numbers of each row's two texts, 2 x (B,); the one that is of the candidates' kind comes first.
        known: The numbers of the texts of all pairs at hand, 2 x (N,), in the same order.
        candidates: The numbers of the texts that are judged, (M,).

    Returns:
        True where row i must not be pushed from candidate j, (B, M) bool; a row's own text is among them.
    """
    wanted, given = known
    is_answer = pair[1][:, None] == given  # (B, N)
    texts, positions = torch.cat([wanted, candidates]).unique(return_inverse=True)
    answers = is_answer.new_zeros((len(is_answer), len(texts)), dtype=torch.float32)
    answers.index_add_(1, positions[: len(wanted)], is_answer.float())  # (B, texts)
    return says_the_same(pair, candidates) | (answers > 0)[:, positions[len(wanted) :]]


def rows_that_share_a_text(identity: Sequence[Tensor]) -> Tensor:
    """Find the rows that have a text in common, whatever view it stands in.

    Args:
        identity: For each view the numbers of its texts, V x (B,) int64.

    Returns:
        True where rows i and j share a text, (B, B) bool; a row shares its texts with itself.
    """
    return torch.stack([says_the_same(identity, texts) for texts in identity]).any(dim=0)
