"""AdamW over the parameters of a run, and its learning rate as a pure function of the step."""

import math
from collections.abc import Iterable
from enum import StrEnum

from torch import nn
from torch.optim import AdamW

GROUP_SETTINGS = ("weight_decay", "factor")  # of a group of parameters; a run that goes on may have changed them


class Schedule(StrEnum):
    """How the learning rate falls after the warm-up."""

    LINEAR = "linear"
    COSINE = "cosine"


def make_optimiser(
    encoder: Iterable[nn.Parameter],
    objective: Iterable[nn.Parameter] = (),
    *,
    weight_decay: float,
    objective_factor: float = 1.0,
) -> AdamW:
    """Return AdamW that decays matrices only: norms, biases and temperatures are left alone.

    Its learning rate is set before each step (`set_learning_rate`); it starts at 0.

    Args:
        encoder: Its parameters; frozen ones are left out.
        objective: Its parameters: heads, prototypes, temperatures.
        weight_decay: Of matrices.
        objective_factor: How many times the encoder's learning rate the objective has: heads start from nothing.
    """
    groups = []
    for parameters, factor in ((encoder, 1.0), (objective, objective_factor)):
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for chosen, decay in (
            ([p for p in trained if p.ndim >= 2], weight_decay),
            ([p for p in trained if p.ndim < 2], 0.0),
        ):
            groups.append({"params": chosen, "weight_decay": decay, "factor": factor})
    return AdamW([group for group in groups if group["params"]], lr=0.0, fused=True)


def learning_rate(step: int, steps: int, peak: float, warmup: float, schedule: Schedule) -> float:
    """Return the learning rate of a step: a linear rise over the warm-up, then a fall to 0.

    Args:
        step: Counted from 0.
        steps: Length of the run.
        peak: The learning rate at the end of the warm-up.
        warmup: Fraction of the steps that it takes to get there.
        schedule: The shape of the fall.
    """
    rise = math.ceil(warmup * steps)
    if step < rise:
        return peak * (step + 1) / rise
    progress = (step - rise) / max(1, steps - rise)  # 0 at the end of the warm-up, 1 after the last step
    return peak * (1 - progress if schedule is Schedule.LINEAR else (1 + math.cos(math.pi * progress)) / 2)


def set_learning_rate(optimiser: AdamW, rate: float) -> None:
    """Set the encoder's learning rate of the next step, and with it the objective's."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
