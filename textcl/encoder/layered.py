"""An encoder as training sees it where an objective reads several of its layers: one wide vector of all of them."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from textcl.encoder.encoder import Encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.tokenization import words_cut
from textcl.types.batches import Chunk


class LayeredEncoder(nn.Module):
    """Embeds texts by the last layer and by others, each pooled in the same way.

    Args:
        encoder: Whose layers are read; it is trained, and saved as it is.
        layers: Numbers of layers: 0 for the embeddings of the words, 1 for the first layer.

    Raises:
        ValueError: A layer is not below the last, or the encoder has no layers that can be read.
    """

    def __init__(self, encoder: TextEncoder, layers: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(encoder, Encoder) or not isinstance(encoder.backbone, PreTrainedModel) or encoder.layer_mix:
            raise ValueError("layers: found an encoder of two towers or without layers, whose layers cannot be read.")
        depth = int(encoder.backbone.config.num_hidden_layers)
        if max(layers) >= depth:
            raise ValueError(
                f"layers: found {max(layers)}, but the encoder has {depth} layers, of which the last is read anyway: "
                f"name some from 0 to {depth - 1}."
            )
        self.encoder, self.layers = encoder, tuple(layers)

    @property
    def dimension(self) -> int:
        """The width of the vectors of all layers together."""
        return self.encoder.dimension * (1 + len(self.layers))

    def forward(self, chunk: Chunk) -> Tensor:
        """Embed a chunk: the vectors of the last layer and, behind them, of the others, (n, (1 + layers) * D)."""
        with words_cut(self.encoder.backbone, chunk):
            output = self.encoder.backbone(input_ids=chunk.ids, attention_mask=chunk.mask, output_hidden_states=True)
        read = [output.last_hidden_state, *(output.hidden_states[layer] for layer in self.layers)]
        return torch.cat([self.encoder.pooled(hidden, chunk) for hidden in read], dim=1)

    def save(self, folder: Path) -> None:
        """Write the encoder itself."""
        self.encoder.save(folder)
