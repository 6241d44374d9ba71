"""A backbone that another runtime computes: torch sees what goes in and what comes out."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from textcl.errors import ModelError
from textcl.types import FloatArray, IntArray

Runtime = Callable[[IntArray, IntArray], FloatArray]  # ids (n, L), mask (n, L) -> token vectors (n, L, D)


class RuntimeBackbone(nn.Module):
    """Token vectors from a runtime on the CPU, in the place of a backbone of transformers. It can not be trained.

    Args:
        runtime: Computes the token vectors.
        config: Of the backbone that was exported.
        digest: Of the files that decide the vectors; it is part of the state, so a fingerprint of the encoder holds it.
    """

    digest: Tensor  # (16,) uint8

    def __init__(self, runtime: Runtime, config: PreTrainedConfig, digest: bytes) -> None:
        super().__init__()
        self.config = config
        self._runtime = runtime
        self.register_buffer("digest", torch.tensor(list(digest), dtype=torch.uint8))

    @property
    def device(self) -> torch.device:
        """Where the vectors come out."""
        return torch.device("cpu")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        """Compute the token vectors, (n, L, D)."""
        hidden = self._runtime(input_ids.numpy(), attention_mask.numpy())
        return BaseModelOutput(last_hidden_state=torch.from_numpy(np.asarray(hidden, dtype=np.float32)))

    def get_input_embeddings(self) -> nn.Embedding:
        """Return no word embeddings: none can be cut."""
        return nn.Embedding(0, 0)

    def save_pretrained(self, folder: Path, state_dict: Mapping[str, Tensor]) -> None:
        """Refuse: an export is made from a model, and copied with its folder."""
        raise ModelError(f"{folder}: an export can not be saved as a model. Copy its folder, or save the model itself.")


Backbone = PreTrainedModel | RuntimeBackbone
