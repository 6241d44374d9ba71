"""How the passes of a run are cut: as the recipe says, else as suits the device and, on a GPU, its memory."""

from dataclasses import replace

import torch

from textcl.encoder import Encoder, TextEncoder
from textcl.packing import Cuts, cuts_for
from textcl.precision import Precision, resolve
from textcl.recipe.schema import Recipe
from textcl.training import Memory

# What the graph of a token takes for each channel of each layer; BERT base, 64 pairs of 128 tokens, on an H200.
_BYTES = {Precision.BF16: 52, Precision.FLOAT32: 73}
_BYTES_A_PARAMETER = 16  # itself, its gradient and AdamW's two moments, float32
_USABLE = 0.8  # of a GPU's memory; the rest is for its runtime and for what allocators can not use


def build_memory(recipe: Recipe, encoder: TextEncoder, device: torch.device) -> Memory:
    """Return how the passes of a run are cut.

    Args:
        recipe: May say it itself.
        encoder: What is trained.
        device: Where it lies. What is chosen for a GPU follows from all its memory, not from what is free: two runs on
            one machine are cut alike, and so draw the same dropout.
    """
    chunk, live = recipe.training.chunk_tokens, recipe.training.live_tokens
    cuts = cuts_for(device)
    if device.type == "cuda" and None in (chunk, live):
        cuts = _fitting(cuts, encoder, resolve(recipe.training.precision, device), device)
    return Memory(cuts.chunk_tokens if chunk is None else chunk, cuts.live_tokens if live is None else live)


def _fitting(cuts: Cuts, encoder: TextEncoder, precision: Precision, device: torch.device) -> Cuts:
    """Cut so that half the room is for the kept graphs, and a third for the chunk that is being computed."""
    towers = [tower for tower in encoder.modules() if isinstance(tower, Encoder)]
    channels = max(_channels(tower) for tower in towers)
    if not channels:
        return cuts
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    room = _USABLE * torch.cuda.get_device_properties(device).total_memory - _BYTES_A_PARAMETER * parameters
    tokens = max(0, int(room / (_BYTES[precision] * channels)))
    return replace(cuts, chunk_tokens=max(1, min(cuts.chunk_tokens, tokens // 3)), live_tokens=tokens // 2)


def _channels(tower: Encoder) -> int:
    """Return the channels of all layers together; 0 where the configuration does not tell them."""
    config = tower.backbone.config
    return int(getattr(config, "num_hidden_layers", 0)) * int(getattr(config, "hidden_size", 0))
