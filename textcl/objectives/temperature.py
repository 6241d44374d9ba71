"""What similarities are divided by: a fixed number, or one that is learned."""

import math

import torch
from torch import Tensor, nn

LOWEST = 0.01  # of a learned temperature: logits never exceed 100, as in CLIP


class Temperature(nn.Module):
    """A temperature, learned in log space where that is set.

    A learned one has the objective's learning rate: at 3e-5 a thousand steps move it by 3 % at most; where
    `training.objective_learning_rate` is larger, by as much more.

    Args:
        initial: Positive, no unit; at least 0.01 where it is learned.
        is_learned: Whether it is a parameter.

    Raises:
        ValueError: It is not positive, or below what a learned one may fall to.

    Source:
        Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision (CLIP), section 2.5.
        arXiv:2103.00020
    """

    def __init__(self, initial: float, is_learned: bool = False) -> None:
        super().__init__()
        check_temperature(initial)
        if is_learned and initial < LOWEST:
            raise ValueError(f"temperature: found {initial}, but a learned one is never below {LOWEST}.")
        self.initial = initial
        self.logarithm = nn.Parameter(torch.tensor(math.log(initial))) if is_learned else None

    def forward(self) -> float | Tensor:
        """Return the temperature, a scalar with a gradient where it is learned."""
        return self.initial if self.logarithm is None else self.logarithm.exp()

    @torch.no_grad()
    def keep_in_range(self) -> None:
        """Lift a learned temperature that a step has taken below the lowest."""
        if self.logarithm is not None:  # here, not in forward: a clamp there would stop its gradient for good
            self.logarithm.clamp_(min=math.log(LOWEST))

    @torch.no_grad()
    def readings(self) -> dict[str, float]:
        """Return the temperature by its name."""
        return {"temperature": float(self())}


def check_temperature(temperature: float, name: str = "temperature") -> None:
    """Refuse a temperature that similarities cannot be divided by; `name` is what the setting is called.

    Raises:
        ValueError: It is not positive.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"{name}: found {temperature}, but similarities are divided by it: it must be above 0.")
