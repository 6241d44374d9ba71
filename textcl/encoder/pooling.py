"""Pooling: from token vectors to one vector a text, whichever side the padding is on.

Every function takes `hidden` (n, L, D), `mask` (n, L), 1 for a token and 0 for padding, and `pooled` (n, L), 1 for a
token that pooling reads. A row with nothing to read gives zeros.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from textcl.encoder.dense import check_shapes, read_weights, write_weights
from textcl.encoder.folder_files import Settings, write_json
from textcl.errors import ModelError, suggestion

Pool = Callable[[Tensor, Tensor, Tensor], Tensor]


def mean(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    """Return the mean of the token vectors, (n, D)."""
    return _read(hidden, pooled).sum(dim=1) / pooled.sum(dim=1, keepdim=True).clamp(min=1)


def cls(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    """Return the vector of the first token that is read, (n, D)."""
    return _pick(hidden, pooled, pooled.argmax(dim=1))


def last(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    """Return the vector of the last token that is read, (n, D)."""
    return _pick(hidden, pooled, pooled.shape[1] - 1 - pooled.flip(1).argmax(dim=1))


def max(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:  # noqa: A001 the recipe's word for it
    """Return the largest value of each channel, (n, D)."""
    largest = hidden.masked_fill(pooled.unsqueeze(-1) == 0, float("-inf")).amax(dim=1)
    return largest.masked_fill(_is_empty(pooled), 0.0)


def weighted_mean(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    """Return the mean weighted by position, the first token of the text counting 1, (n, D).

    Source:
        Muennighoff 2022, SGPT: GPT Sentence Embeddings for Semantic Search. arXiv:2202.08904
    """
    weights = (mask.cumsum(dim=1) * pooled).to(hidden.dtype)  # (n, L)
    return (_read(hidden, pooled) * weights.unsqueeze(-1)).sum(dim=1) / weights.sum(dim=1, keepdim=True).clamp(min=1)


def mean_sqrt(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
    """Return the sum of the token vectors over the root of their number, (n, D)."""
    return _read(hidden, pooled).sum(dim=1) / pooled.sum(dim=1, keepdim=True).clamp(min=1).sqrt()


LAST = "last"
POOLINGS: dict[str, Pool] = {
    "mean": mean,
    "cls": cls,
    LAST: last,
    "max": max,
    "weighted_mean": weighted_mean,
    "mean_sqrt": mean_sqrt,
}
_JOIN = "+"  # between poolings whose vectors are joined end to end, such as cls+mean


def modes_of(name: str) -> tuple[str, ...]:
    """Return the poolings that a name joins, in their order."""
    return tuple(name.split(_JOIN))


def pooling_named(name: str) -> Pool:
    """Return the pooling of a name; several joined by + give their vectors end to end, (n, D for each).

    Raises:
        ValueError: There is none of this name.
    """
    modes = modes_of(name)
    for mode in modes:
        if mode not in POOLINGS:
            known = f"{', '.join(POOLINGS)}, and several joined, as cls+mean"
            raise ValueError(f"There is no pooling {mode!r}; there are {known}.{suggestion(mode, POOLINGS)}")
    if len(modes) == 1:
        return POOLINGS[name]

    def joined(hidden: Tensor, mask: Tensor, pooled: Tensor) -> Tensor:
        return torch.cat([POOLINGS[mode](hidden, mask, pooled) for mode in modes], dim=-1)

    return joined


def _read(hidden: Tensor, pooled: Tensor) -> Tensor:
    """Put zeros where pooling does not read, even over numbers that are not finite."""
    return hidden.masked_fill(pooled.unsqueeze(-1) == 0, 0.0)


def _pick(hidden: Tensor, pooled: Tensor, position: Tensor) -> Tensor:
    """Return the token vector at one position of each row, (n, D)."""
    rows = torch.arange(len(hidden), device=hidden.device)
    return hidden[rows, position].masked_fill(_is_empty(pooled), 0.0)


def _is_empty(pooled: Tensor) -> Tensor:
    return pooled.sum(dim=1, keepdim=True) == 0  # (n, 1)


class LayerMix(nn.Module):
    """Takes the weighted mean of a backbone's layers for its last one; the weights are learned with the rest.

    Args:
        weights: One for each layer from the first that is read, the embeddings being layer 0, (L,).
        first: The first layer that is read.
        is_read: Whether the backbone hands its layers out; where it does not, the last one is taken, as in
            sentence-transformers.
    """

    kind = "WeightedLayerPooling"

    def __init__(self, weights: Tensor, first: int, is_read: bool) -> None:
        super().__init__()
        self.layer_weights = nn.Parameter(weights, requires_grad=is_read)
        self.first, self.is_read = first, is_read

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Mix layers, (n, L, D) each, into one."""
        read = torch.stack(tuple(layers)[self.first :])  # (layers, n, L, D)
        weighted = self.layer_weights[:, None, None, None] * read
        return weighted.sum(dim=0) / self.layer_weights.sum()

    def extra_repr(self) -> str:
        """Return what a fingerprint must know beside the weights."""
        return f"first={self.first}, is_read={self.is_read}"


def check_mix(mix: LayerMix, backbone: nn.Module) -> None:
    """Raise a ModelError where a backbone does not have the layers that are mixed, or hands none out."""
    depth = backbone.config.num_hidden_layers if isinstance(backbone, PreTrainedModel) else 0
    weights = mix.first + len(mix.layer_weights) - 1
    if mix.is_read and depth != weights:
        raise ModelError(f"{mix.kind} mixes {weights} layers; the backbone hands out {depth or 'none'}.")


def read_mix(folder: Path, is_read: bool) -> LayerMix:
    """Read the weights of layers from a module folder of sentence-transformers.

    Args:
        folder: Of the module.
        is_read: Whether the backbone hands its layers out.

    Raises:
        ModelError: It is damaged, or its weights are missing.
    """
    config = Settings.read(folder / "config.json")
    depth, first = config.count("num_hidden_layers") or 12, config.content.get("layer_start", 4)
    if isinstance(first, bool) or not isinstance(first, int) or not 0 <= first <= depth:
        raise config.wrong("layer_start", f"a whole number from 0 to {depth}")
    file, weights = read_weights(folder)
    said = f"{config.file} says layers {first} to {depth}"
    check_shapes(file, weights, {"layer_weights": (depth + 1 - first,)}, said)
    return LayerMix(weights["layer_weights"].float(), first, is_read)


def write_mix(mix: LayerMix, width: int, folder: Path) -> None:
    """Write the weights of layers as a module folder of sentence-transformers; `width` is that of a token vector."""
    depth = mix.first + len(mix.layer_weights) - 1
    config = {"embedding_dimension": width, "layer_start": mix.first, "num_hidden_layers": depth}
    write_json(folder / "config.json", config)
    write_weights(mix, folder)


_TO_ST = {
    "mean": "mean",
    "cls": "cls",
    "last": "lasttoken",
    "max": "max",
    "weighted_mean": "weightedmean",
    "mean_sqrt": "mean_sqrt_len_tokens",
}
_FROM_ST = {theirs: ours for ours, theirs in _TO_ST.items()}
# One switch a pooling, in the order in which their vectors are joined: what every release reads, and what releases
# before 5.4 wrote.
_SWITCHES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def pooling_config(pooling: str, pool_prompt: bool, width: int) -> dict[str, Any]:
    """Return the content of `1_Pooling/config.json`.

    Args:
        pooling: One of our names, or several joined.
        pool_prompt: Whether the prompt's tokens are read.
        width: Of the token vectors.
    """
    modes = [_TO_ST[mode] for mode in modes_of(pooling)]
    in_order = [mode for mode in _SWITCHES.values() if mode in modes] == modes
    said: dict[str, Any] = {switch: mode in modes for switch, mode in _SWITCHES.items()}
    if not in_order:  # what switches cannot say
        said = {"pooling_mode": modes}
    return {"word_embedding_dimension": width, **said, "include_prompt": pool_prompt}


def read_pooling(config: Settings) -> str:
    """Return our name of the pooling that a config asks for.

    Raises:
        ModelError: It asks for one that textcl does not have.
    """
    written = config.content.get("pooling_mode")
    switched_on = [mode for switch, mode in _SWITCHES.items() if config.flag(switch, False)]
    modes = [written] if isinstance(written, str) else written or switched_on or ["mean"]
    if not isinstance(modes, list) or not all(isinstance(mode, str) for mode in modes):
        raise config.wrong("pooling_mode", "the name of a pooling, or a list of them")
    if unknown := [mode for mode in modes if mode not in _FROM_ST]:
        raise ModelError(f"{config.file}: the pooling is {unknown[0]}; textcl knows {', '.join(_FROM_ST)}.")
    return _JOIN.join(_FROM_ST[mode] for mode in modes)
