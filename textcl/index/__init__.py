"""Nearest-neighbour search over embeddings, behind `types.Index`: exact, and by FAISS's own factory strings."""

from textcl.index.binary import BinaryIndex
from textcl.index.build import build_index, open_index, refuse_too_few, write_index
from textcl.index.exact import FlatIndex
from textcl.index.faiss_index import FaissIndex

__all__ = ["BinaryIndex", "FaissIndex", "FlatIndex", "build_index", "open_index", "refuse_too_few", "write_index"]
