"""Objectives: losses over one batch of embeddings, one a file."""

from textcl.objectives.angle import AnglE
from textcl.objectives.batch_all_triplet import BatchAllTriplet
from textcl.objectives.batch_hard_triplet import BatchHardTriplet
from textcl.objectives.batch_semi_hard_triplet import BatchSemiHardTriplet
from textcl.objectives.contrastive import Contrastive
from textcl.objectives.cosent import CoSENT
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.sup_con import SupCon
from textcl.objectives.triplet import Triplet
from textcl.objectives.weighted_sum import Sum

__all__ = [
    "AnglE",
    "BatchAllTriplet",
    "BatchHardTriplet",
    "BatchSemiHardTriplet",
    "CoSENT",
    "Contrastive",
    "CosineRegression",
    "Distillation",
    "InfoNCE",
    "Matryoshka",
    "Sum",
    "SupCon",
    "Triplet",
]
