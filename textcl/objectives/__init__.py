"""Objectives: losses over one batch of embeddings, one a file."""

from textcl.objectives.barlow_twins import BarlowTwins
from textcl.objectives.byol import BYOL
from textcl.objectives.clip import CLIP
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.swav import SwAV
from textcl.objectives.vicreg import VICReg

__all__ = ["BYOL", "CLIP", "BarlowTwins", "InfoNCE", "MoCo", "SimCLR", "SimSiam", "SwAV", "VICReg"]
