"""Objectives: losses over one batch of embeddings, one a file."""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.objectives.adaptive_layers import AdaptiveLayers
    from textcl.objectives.angle import AnglE
    from textcl.objectives.barlow_twins import BarlowTwins
    from textcl.objectives.batch_all_triplet import BatchAllTriplet
    from textcl.objectives.batch_hard_triplet import BatchHardTriplet
    from textcl.objectives.batch_semi_hard_triplet import BatchSemiHardTriplet
    from textcl.objectives.byol import BYOL
    from textcl.objectives.clip import CLIP
    from textcl.objectives.composed import Sum
    from textcl.objectives.contrastive import Contrastive
    from textcl.objectives.cosent import CoSENT
    from textcl.objectives.cosine_regression import CosineRegression
    from textcl.objectives.distillation import Distillation
    from textcl.objectives.global_orthogonal_regularization import GlobalOrthogonalRegularization
    from textcl.objectives.info_nce import InfoNCE
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
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "BYOL",
    "CLIP",
    "TSDAE",
    "AdaptiveLayers",
    "AnglE",
    "BarlowTwins",
    "BatchAllTriplet",
    "BatchHardTriplet",
    "BatchSemiHardTriplet",
    "CoSENT",
    "Contrastive",
    "CosineRegression",
    "Distillation",
    "GlobalOrthogonalRegularization",
    "InfoNCE",
    "ListwiseKL",
    "MarginMSE",
    "Matryoshka",
    "MoCo",
    "SimCLR",
    "SimSiam",
    "Sum",
    "SupCon",
    "SwAV",
    "Triplet",
    "VICReg",
]
