"""Pairs of texts that belong together: what some tasks can show of themselves beside their scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textcl.types import Role


@dataclass(frozen=True, slots=True)
class PositivePair:
    """Two texts that a good model puts close together, each with the role in which a task embeds it."""

    first: str
    second: str
    roles: tuple[Role, Role] = (Role.ANCHOR, Role.ANCHOR)


@runtime_checkable
class Paired(Protocol):
    """A task that knows which of its texts belong together."""

    def positives(self) -> Sequence[PositivePair]:
        """Return all such pairs, in a fixed order."""
        ...
