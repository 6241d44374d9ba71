"""The objectives under contract: every name of `textcl.objectives.__all__`, in the settings worth testing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tests.toy import PAIR, TRIPLET, WIDTH, ToyEncoder
from textcl.objectives import (
    AnglE,
    BatchAllTriplet,
    BatchHardTriplet,
    BatchSemiHardTriplet,
    Contrastive,
    CoSENT,
    CosineRegression,
    Distillation,
    InfoNCE,
    Matryoshka,
    Sum,
    SupCon,
    Triplet,
)
from textcl.objectives.distances import Distance
from textcl.training import EmaTarget, Memory, OnlineTarget, Ranks, Target
from textcl.types import Objective, Role


@dataclass(frozen=True)
class Case:
    """An objective, and the kinds of batches that it is tested on: the roles of their views."""

    make: Callable[[], Objective]
    batches: tuple[tuple[Role, ...], ...] = (PAIR,)


NEGATIVES = (PAIR, (*PAIR, Role.NEGATIVE, Role.NEGATIVE))

TRIPLETS = (TRIPLET, (*TRIPLET, Role.NEGATIVE))
ANY_ROLES = (PAIR, (Role.ANCHOR,), TRIPLET)
LABELLED = (PAIR, (Role.ANCHOR,), (*PAIR, Role.POSITIVE))

CASES: dict[str, Case] = {
    "AnglE": Case(AnglE),
    "BatchAllTriplet": Case(BatchAllTriplet, LABELLED),
    "BatchHardTriplet": Case(BatchHardTriplet, LABELLED),
    "BatchHardTriplet euclidean": Case(lambda: BatchHardTriplet(margin=1.0, distance=Distance.EUCLIDEAN), LABELLED),
    "BatchSemiHardTriplet": Case(BatchSemiHardTriplet, LABELLED),
    "CoSENT": Case(CoSENT),
    "Contrastive": Case(Contrastive),
    "CosineRegression": Case(CosineRegression),
    "Distillation": Case(lambda: Distillation(WIDTH, WIDTH), ANY_ROLES),
    "Distillation similarities": Case(lambda: Distillation(WIDTH, WIDTH, embeddings=0.0), ANY_ROLES),
    "InfoNCE": Case(InfoNCE, NEGATIVES),
    "InfoNCE symmetric": Case(lambda: InfoNCE(temperature=0.1, symmetric=True), NEGATIVES),
    "Matryoshka": Case(lambda: Matryoshka(InfoNCE(), [WIDTH, 3], WIDTH, weights=[1.0, 0.5]), NEGATIVES),
    "Matryoshka of a Sum": Case(lambda: Matryoshka(Sum([CoSENT(), AnglE()]), [WIDTH, 4], WIDTH)),
    "Sum": Case(lambda: Sum([InfoNCE(), CosineRegression(), InfoNCE(0.5)], weights=[1.0, 2.0, 0.1])),
    "Sum with a teacher": Case(lambda: Sum([SupCon(), Matryoshka(Distillation(WIDTH, WIDTH), [4], WIDTH)])),
    "SupCon": Case(SupCon, LABELLED),
    "Triplet": Case(Triplet, TRIPLETS),
    "Triplet euclidean": Case(lambda: Triplet(margin=1.0, distance=Distance.EUCLIDEAN), TRIPLETS),
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
