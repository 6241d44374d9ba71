"""Nearest-neighbour search over embeddings, behind `types.Index`: exact, and by FAISS's own factory strings."""
