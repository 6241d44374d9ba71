"""Gradients of embedding tables: a chunk adds the rows that it looked up to one table, not a table of its own.

A dense gradient of a vocabulary of 30,000 words is 47 MB of zeros a chunk; the words of a chunk are a few hundred rows.
Only on a CPU: a GPU writes the zeros sooner than it sorts the rows.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeGuard

from torch import nn


@contextmanager
def gradients_by_row(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Let the embedding tables among `modules` record sparse gradients of what is looked up in the block."""
    tables = [m for m in modules if _can_be_sparse(m)]
    for table in tables:
        table.sparse = True
    try:
        yield
    finally:
        for table in tables:
            table.sparse = False


def dense_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace sparse gradients by dense ones; later sparse ones are added to these in place.

    Done after the first chunk, it keeps the memory of a step from growing with its chunks.
    """
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.to_dense()


def _can_be_sparse(module: nn.Module) -> TypeGuard[nn.Embedding]:
    if type(module) is not nn.Embedding or module.weight.device.type != "cpu":
        return False
    return not (module.sparse or module.scale_grad_by_freq)
