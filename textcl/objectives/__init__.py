"""Objectives: losses over one batch of embeddings, one a file."""

from textcl.objectives.clip import CLIP
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR

__all__ = ["CLIP", "InfoNCE", "MoCo", "SimCLR"]
