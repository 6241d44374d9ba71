"""Nearest-neighbour search over embeddings, behind `types.Index`: exact, and by FAISS's own factory strings."""

from textcl.indexes.binary import BinaryIndex
from textcl.indexes.build import build_index, open_index, refuse_too_few, write_index
from textcl.indexes.exact import FlatIndex
from textcl.indexes.faiss_index import FaissIndex

__all__ = ["BinaryIndex", "FaissIndex", "FlatIndex", "build_index", "open_index", "refuse_too_few", "write_index"]
