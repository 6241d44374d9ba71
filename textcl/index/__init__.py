"""Nearest-neighbour search over embeddings, behind `types.Index`."""

from textcl.index.flat import FlatIndex

__all__ = ["FlatIndex"]
