"""What the online embeddings are compared with, where an objective wants a second, gradient-free opinion."""

from typing import Protocol

from torch import Tensor


class Target(Protocol):
    """Gives the target embeddings of a batch and follows the encoder after each step."""

    def targets(self, views: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return V x (B, D) embeddings without gradient."""
        ...

    def update(self) -> None:
        """Follow the encoder, after the optimiser's step."""
        ...


class OnlineTarget:
    """The online embeddings themselves, detached: the target of every objective that needs no moving average."""

    def targets(self, views: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the online embeddings without their gradient, V x (B, D)."""
        return tuple(view.detach() for view in views)

    def update(self) -> None:
        """Do nothing: the online embeddings are always up to date."""
