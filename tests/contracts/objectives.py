"""The objectives under contract: every name of `textcl.objectives.__all__`, and what recipes wrap them in.

An objective stands here for settings that deserve a case of their own, or for heads too wide for a test. Any other is
built as the example of its docstring has it, and tested on every kind of batch that its `check` lets pass.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from tests.toy import PAIR, TRIPLET, WIDTH, ToyDecoder, ToyEncoder
from textcl.distributed import Ranks
from textcl.objectives.adaptive_layers import AdaptiveLayers
from textcl.objectives.angle import AnglE
from textcl.objectives.barlow_twins import BarlowTwins
from textcl.objectives.batch_hard_triplet import BatchHardTriplet
from textcl.objectives.byol import BYOL
from textcl.objectives.composed import BySource, Sum
from textcl.objectives.cosent import CoSENT
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.directions import Direction, PartitionMode
from textcl.objectives.distances import Distance, Similarity
from textcl.objectives.distillation import Distillation
from textcl.objectives.global_orthogonal_regularization import GlobalOrthogonalRegularization
from textcl.objectives.info_nce import HardnessMode, InfoNCE
from textcl.objectives.listwise_kl import ListwiseKL
from textcl.objectives.margin_mse import MarginMSE
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.sup_con import SupCon
from textcl.objectives.swav import SwAV
from textcl.objectives.triplet import Triplet
from textcl.objectives.tsdae import TSDAE
from textcl.objectives.vicreg import VICReg
from textcl.recipe.catalogue import Entry, entries
from textcl.recipe.components import OBJECTIVE, build
from textcl.training.gradient_cache import Memory
from textcl.training.target import EmaTarget, OnlineTarget, Target
from textcl.types.objective import Objective
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

SPECIAL: dict[str, Case] = {
    "BarlowTwins": Case(lambda: BarlowTwins(WIDTH, projection=16)),
    "BatchHardTriplet euclidean": Case(lambda: BatchHardTriplet(margin=1.0, distance=Distance.EUCLIDEAN), LABELLED),
    "BYOL": Case(lambda: BYOL(WIDTH, hidden=16, projection=4), POSITIVES),
    "BySource": Case(lambda: BySource({"": MoCo(WIDTH, momentum=0.5, queue_size=7), "graded": CosineRegression()})),
    "Distillation": Case(lambda: Distillation(WIDTH, WIDTH), ANY_ROLES),
    "Distillation similarities": Case(lambda: Distillation(WIDTH, WIDTH, embeddings=0.0), ANY_ROLES),
    "GlobalOrthogonalRegularization": Case(GlobalOrthogonalRegularization, ANY_ROLES),
    "InfoNCE": Case(InfoNCE, NEGATIVES),
    "InfoNCE in all directions": Case(lambda: InfoNCE(learns_temperature=True, directions=tuple(Direction)), NEGATIVES),
    "InfoNCE symmetric": Case(
        lambda: InfoNCE(temperature=0.1, directions=SYMMETRIC, partition_mode=PER_DIRECTION), NEGATIVES
    ),
    "InfoNCE with hardness": Case(
        lambda: InfoNCE(hardness_mode=HardnessMode.ALL_NEGATIVES, hardness_strength=9.0), NEGATIVES
    ),
    "InfoNCE with margin": Case(lambda: InfoNCE(directions=tuple(Direction), margin=0.1), NEGATIVES),
    "InfoNCE with a guide": Case(
        lambda: InfoNCE(0.2, directions=tuple(Direction), guide="a model", guide_margin=0.3), NEGATIVES
    ),
    "ListwiseKL": Case(lambda: ListwiseKL(0.2, teacher_temperature=0.3), TRIPLETS),
    "MarginMSE": Case(MarginMSE, TRIPLETS),
    "MarginMSE of products": Case(lambda: MarginMSE(0.5, similarity=Similarity.DOT), TRIPLETS),
    "Matryoshka": Case(lambda: Matryoshka(InfoNCE(), [WIDTH, 3], WIDTH, weights=[1.0, 0.5]), NEGATIVES),
    "Matryoshka of a Sum": Case(lambda: Matryoshka(Sum([CoSENT(), AnglE()]), [WIDTH, 4], WIDTH)),
    "MoCo": Case(lambda: MoCo(WIDTH)),
    "MoCo with a short queue": Case(lambda: MoCo(WIDTH, momentum=0.5, queue_size=7)),
    "SimCLR": Case(lambda: SimCLR(WIDTH, projection=6), (PAIR, (*PAIR, Role.POSITIVE))),
    "SimSiam": Case(lambda: SimSiam(WIDTH, projection=16, bottleneck=4), POSITIVES),
    "Sum": Case(lambda: Sum([InfoNCE(), CosineRegression(), InfoNCE(0.5)], weights=[1.0, 2.0, 0.1])),
    "Sum with a teacher": Case(lambda: Sum([SupCon(), Matryoshka(Distillation(WIDTH, WIDTH), [4], WIDTH)])),
    "SwAV": Case(lambda: SwAV(WIDTH, hidden=16, projection=4, prototypes=6, frozen_steps=0), POSITIVES),
    "SwAV with a queue": Case(
        lambda: SwAV(WIDTH, hidden=16, projection=4, prototypes=6, frozen_steps=0, queue_size=7), POSITIVES
    ),
    "SwAV without a projector": Case(lambda: SwAV(WIDTH, projection=None, prototypes=6, frozen_steps=0), POSITIVES),
    "AdaptiveLayers": Case(lambda: AdaptiveLayers(InfoNCE(), [1], WIDTH // 2), NEGATIVES),
    "AdaptiveLayers of Matryoshka of MoCo": Case(
        lambda: AdaptiveLayers(Matryoshka(MoCo(WIDTH // 2, momentum=0.5, queue_size=7), [4, 2], 4), [0], WIDTH // 2)
    ),
    "TSDAE": Case(lambda: TSDAE(ToyDecoder)),
    "TSDAE in a Sum": Case(lambda: Sum([TSDAE(ToyDecoder), InfoNCE()])),
    "Triplet euclidean": Case(lambda: Triplet(margin=1.0, distance=Distance.EUCLIDEAN), TRIPLETS),
    "VICReg": Case(lambda: VICReg(WIDTH, projection=16)),
}

ROLES = (*LABELLED, *TRIPLETS)


def of_example(entry: Entry) -> Case:
    """The objective as its docstring has it, on the batches that it takes."""
    component = entry.section()["objective"]

    def make() -> Objective:
        return build(component, OBJECTIVE, "objective", {"dimension": WIDTH, "teacher_dimension": WIDTH})

    return Case(make, tuple(roles for roles in ROLES if takes(make(), roles)))


def takes(objective: Objective, roles: tuple[Role, ...]) -> bool:
    try:
        objective.check(roles, scored=True, labelled=True)
    except ValueError:
        return False
    return True


CASES = {entry.name: of_example(entry) for entry in entries(OBJECTIVE) if entry.name not in SPECIAL} | SPECIAL

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
