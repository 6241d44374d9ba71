"""Objectives: losses over one batch of embeddings, one a file."""

from textcl.objectives.info_nce import InfoNCE

__all__ = ["InfoNCE"]
