"""Which views an objective finds in a batch, by their roles; what it can not use is refused in one wording."""

from collections.abc import Sequence

from textcl.types import Role


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
