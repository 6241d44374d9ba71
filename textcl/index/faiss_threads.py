"""FAISS takes as many threads as torch: a rank that was given one core keeps to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import faiss
import torch


@contextmanager
def torch_threads() -> Iterator[None]:
    """Let FAISS use as many threads as torch does inside the block, and as many as before after it."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(torch.get_num_threads())
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
