"""The objectives under contract: every name of `textcl.objectives.__all__`, in the settings worth testing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tests.toy import PAIR, WIDTH, ToyEncoder
from textcl.objectives import BYOL, BarlowTwins, InfoNCE, SimSiam, SwAV, VICReg
from textcl.training import EmaTarget, Memory, OnlineTarget, Ranks, Target
from textcl.types import Objective, Role


@dataclass(frozen=True)
class Case:
    """An objective, and the kinds of batches that it is tested on: the roles of their views."""

    make: Callable[[], Objective]
    batches: tuple[tuple[Role, ...], ...] = (PAIR,)


NEGATIVES = (PAIR, (*PAIR, Role.NEGATIVE, Role.NEGATIVE))
POSITIVES = (PAIR, (*PAIR, Role.POSITIVE))

CASES: dict[str, Case] = {
    "BYOL": Case(lambda: BYOL(WIDTH, hidden=16, projection=4), POSITIVES),
    "BarlowTwins": Case(lambda: BarlowTwins(WIDTH, projection=16)),
    "InfoNCE": Case(InfoNCE, NEGATIVES),
    "InfoNCE symmetric": Case(lambda: InfoNCE(temperature=0.1, symmetric=True), NEGATIVES),
    "SimSiam": Case(lambda: SimSiam(WIDTH, projection=16, bottleneck=4), POSITIVES),
    "SwAV": Case(lambda: SwAV(WIDTH, hidden=16, projection=4, prototypes=6, frozen_steps=0), POSITIVES),
    "SwAV without a projector": Case(lambda: SwAV(WIDTH, projection=None, prototypes=6, frozen_steps=0), POSITIVES),
    "VICReg": Case(lambda: VICReg(WIDTH, projection=16)),
}


def target_of(objective: Objective, encoder: ToyEncoder, ranks: Ranks, memory: Memory) -> Target:
    """The target that the objective asks for; a frozen encoder with other weights stands for a teacher."""
    if objective.wants_teacher:
        teacher = ToyEncoder()
        with torch.no_grad():
            teacher.hidden.weight.mul_(-1)
        return EmaTarget(teacher, 0.0, ranks, seed=4, memory=memory)
    if objective.momentum is None:
        return OnlineTarget()
    return EmaTarget(encoder, objective.momentum, ranks, seed=4, memory=memory)
