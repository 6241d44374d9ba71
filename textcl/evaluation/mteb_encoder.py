"""A model as mteb wants to see it, and mteb's hold on global randomness undone."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.seeds import seeded
from textcl.types import Embed, FloatArray, Role

_SEED = 42  # mteb's own default


class EmbedEncoder:
    """mteb's EncoderProtocol over a function from texts to vectors.

    Args:
        embed: The model; its prompts are chosen by role, as everywhere. The instructions that some tasks bring for
            models that follow instructions are not put before the texts.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb knows of the model: nothing."""
        from mteb.models.model_meta import ModelMeta

        return ModelMeta.create_empty()

    def encode(
        self, inputs: Iterable[Mapping[str, Sequence[str]]], *, prompt_type: str | None = None, **_: object
    ) -> FloatArray:
        """Embed batches of texts, (N, D)."""
        texts = [text for batch in inputs for text in batch["text"]]
        return self._embed(texts, Role.POSITIVE if prompt_type == "document" else Role.ANCHOR)

    def similarity(self, first: FloatArray | Tensor, second: FloatArray | Tensor) -> Tensor:
        """Return the cosine of each row of one with each of the other, (N, M)."""
        return _unit(first) @ _unit(second).T

    def similarity_pairwise(self, first: FloatArray | Tensor, second: FloatArray | Tensor) -> Tensor:
        """Return the cosine of each row of one with the same row of the other, (N,)."""
        return (_unit(first) * _unit(second)).sum(dim=1)


def _unit(vectors: FloatArray | Tensor) -> Tensor:
    return F.normalize(torch.atleast_2d(torch.as_tensor(vectors)), dim=1)


@contextmanager
def own_randomness() -> Iterator[None]:
    """Put the state of all global generators back after the block: mteb seeds them when it is imported and run."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the generator that mteb seeds)
    try:
        with seeded(_SEED):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
