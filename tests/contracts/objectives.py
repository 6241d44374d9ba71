"""The objectives under contract: every name of `textcl.objectives.__all__`, and what recipes wrap them in."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from tests.toy import PAIR, TRIPLET, WIDTH, ToyEncoder
from textcl.distributed import Ranks
from textcl.objectives.angle import AnglE
from textcl.objectives.barlow_twins import BarlowTwins
from textcl.objectives.batch_all_triplet import BatchAllTriplet
from textcl.objectives.batch_hard_triplet import BatchHardTriplet
from textcl.objectives.batch_semi_hard_triplet import BatchSemiHardTriplet
from textcl.objectives.byol import BYOL
from textcl.objectives.clip import CLIP
from textcl.objectives.composed import BySource, Sum
from textcl.objectives.contrastive import Contrastive
from textcl.objectives.cosent import CoSENT
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.directions import Direction, PartitionMode
from textcl.objectives.distances import Distance
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import HardnessMode, InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.sup_con import SupCon
from textcl.objectives.swav import SwAV
from textcl.objectives.triplet import Triplet
from textcl.objectives.vicreg import VICReg
from textcl.training.gradient_cache import Memory
from textcl.training.target import EmaTarget, OnlineTarget, Target
from textcl.types.protocols import Objective
from textcl.types.text import Role


@dataclass(frozen=True)
class Case:
    """An objective, and the kinds of batches that it is tested on: the roles of their views."""

    make: Callable[[], Objective]
    batches: tuple[tuple[Role, ...], ...] = (PAIR,)


NEGATIVES = (PAIR, (*PAIR, Role.NEGATIVE, Role.NEGATIVE))
POSITIVES = (PAIR, (*PAIR, Role.POSITIVE))

PER_DIRECTION = PartitionMode.PER_DIRECTION
SYMMETRIC = (Direction.QUERY_TO_DOC, Direction.DOC_TO_QUERY)

TRIPLETS = (TRIPLET, (*TRIPLET, Role.NEGATIVE))
ANY_ROLES = (PAIR, (Role.ANCHOR,), TRIPLET)
LABELLED = (PAIR, (Role.ANCHOR,), (*PAIR, Role.POSITIVE))

CASES: dict[str, Case] = {
    "AnglE": Case(AnglE),
    "BarlowTwins": Case(lambda: BarlowTwins(WIDTH, projection=16)),
    "BatchAllTriplet": Case(BatchAllTriplet, LABELLED),
    "BatchHardTriplet": Case(BatchHardTriplet, LABELLED),
    "BatchHardTriplet euclidean": Case(lambda: BatchHardTriplet(margin=1.0, distance=Distance.EUCLIDEAN), LABELLED),
    "BatchSemiHardTriplet": Case(BatchSemiHardTriplet, LABELLED),
    "BYOL": Case(lambda: BYOL(WIDTH, hidden=16, projection=4), POSITIVES),
    "BySource": Case(lambda: BySource({"": MoCo(WIDTH, momentum=0.5, queue_size=7), "graded": CosineRegression()})),
    "CLIP": Case(CLIP, NEGATIVES),
    "Contrastive": Case(Contrastive),
    "CoSENT": Case(CoSENT),
    "CosineRegression": Case(CosineRegression),
    "Distillation": Case(lambda: Distillation(WIDTH, WIDTH), ANY_ROLES),
    "Distillation similarities": Case(lambda: Distillation(WIDTH, WIDTH, embeddings=0.0), ANY_ROLES),
    "InfoNCE": Case(InfoNCE, NEGATIVES),
    "InfoNCE in all directions": Case(lambda: InfoNCE(learns_temperature=True, directions=tuple(Direction)), NEGATIVES),
    "InfoNCE symmetric": Case(
        lambda: InfoNCE(temperature=0.1, directions=SYMMETRIC, partition_mode=PER_DIRECTION), NEGATIVES
    ),
    "InfoNCE with hardness": Case(
        lambda: InfoNCE(hardness_mode=HardnessMode.ALL_NEGATIVES, hardness_strength=9.0), NEGATIVES
    ),
    "InfoNCE with margin": Case(lambda: InfoNCE(directions=tuple(Direction), margin=0.1), NEGATIVES),
    "Matryoshka": Case(lambda: Matryoshka(InfoNCE(), [WIDTH, 3], WIDTH, weights=[1.0, 0.5]), NEGATIVES),
    "Matryoshka of a Sum": Case(lambda: Matryoshka(Sum([CoSENT(), AnglE()]), [WIDTH, 4], WIDTH)),
    "MoCo": Case(lambda: MoCo(WIDTH)),
    "MoCo with a short queue": Case(lambda: MoCo(WIDTH, momentum=0.5, queue_size=7)),
    "SimCLR": Case(lambda: SimCLR(WIDTH, projection=6), (PAIR, (*PAIR, Role.POSITIVE))),
    "SimSiam": Case(lambda: SimSiam(WIDTH, projection=16, bottleneck=4), POSITIVES),
    "Sum": Case(lambda: Sum([InfoNCE(), CosineRegression(), InfoNCE(0.5)], weights=[1.0, 2.0, 0.1])),
    "Sum with a teacher": Case(lambda: Sum([SupCon(), Matryoshka(Distillation(WIDTH, WIDTH), [4], WIDTH)])),
    "SupCon": Case(SupCon, LABELLED),
    "SwAV": Case(lambda: SwAV(WIDTH, hidden=16, projection=4, prototypes=6, frozen_steps=0), POSITIVES),
    "SwAV without a projector": Case(lambda: SwAV(WIDTH, projection=None, prototypes=6, frozen_steps=0), POSITIVES),
    "Triplet": Case(Triplet, TRIPLETS),
    "Triplet euclidean": Case(lambda: Triplet(margin=1.0, distance=Distance.EUCLIDEAN), TRIPLETS),
    "VICReg": Case(lambda: VICReg(WIDTH, projection=16)),
}

every_batch = pytest.mark.parametrize(
    ("case", "roles"),
    [(case, roles) for case in CASES.values() for roles in case.batches],
    ids=[f"{name} {'-'.join(roles)}" for name, case in CASES.items() for roles in case.batches],
)


def target_of(objective: Objective, encoder: ToyEncoder, ranks: Ranks, memory: Memory) -> Target:
    """The target that the objective asks for; a frozen encoder with other weights stands for a teacher."""
    if objective.wants_teacher:
        teacher = ToyEncoder().to(ranks.device)
        with torch.no_grad():
            teacher.hidden.weight.mul_(-1)
        return EmaTarget(teacher, 0.0, ranks, seed=4, memory=memory)
    if objective.momentum is None:
        return OnlineTarget()
    return EmaTarget(encoder, objective.momentum, ranks, seed=4, memory=memory)
