"""Backbones that are made for something else: the encoder half of a pair, a decoder that is made to see both ways."""

from typing import Any

import torch
import transformers
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

_HALVES = {
    "longt5": "LongT5EncoderModel",
    "mt5": "MT5EncoderModel",
    "switch_transformers": "SwitchTransformersEncoderModel",
    "t5": "T5EncoderModel",
    "umt5": "UMT5EncoderModel",
}
HALVES = tuple(_HALVES)  # what transformers calls the pairs whose encoder textcl takes


def encoder_half(config: PreTrainedConfig) -> Any:  # Any: transformers does not type its classes' constructors
    """Return the class of the encoder alone of a pair of encoder and decoder, one of `HALVES`."""
    return getattr(transformers, _HALVES[config.model_type])


_BOTH_WAYS = "use_bidirectional_attention"  # Gemma's own word for it; others have `is_causal`
_MASKED = ("full_attention", "sliding_attention")  # kinds of layers that go by the mask


def look(config: PreTrainedConfig, is_causal: bool) -> PreTrainedConfig:
    """Return a configuration whose attention sees what stands before a token alone, or both sides.

    Args:
        config: Of a decoder; it stays as it is.
        is_causal: Whether a token sees nothing behind it.

    Raises:
        ValueError: The backbone has layers that read from left to right whatever the mask.
    """
    kinds = [str(kind) for name in ("layer_types", "layers_block_type") for kind in getattr(config, name, None) or ()]
    if other := sorted(set(kinds) - set(_MASKED)):
        raise _refusal(config, is_causal, f"it has layers of {', '.join(other)}")
    said = config.to_dict()
    if isinstance(said.get(_BOTH_WAYS), bool):
        said[_BOTH_WAYS] = not is_causal
    else:
        said["is_causal"] = is_causal
    changed = type(config).from_dict(said)
    changed._name_or_path = config._name_or_path
    return changed


def check_look(backbone: PreTrainedModel, is_causal: bool) -> None:
    """Raise a ValueError where a backbone does not see what it was asked to, for its class goes by other rules."""
    if any(_sees_ahead(backbone, padding) is is_causal for padding in (0, 2)):
        raise _refusal(backbone.config, is_causal, f"transformers' {type(backbone).__name__} does not go by it")


def _sees_ahead(backbone: PreTrainedModel, padding: int) -> bool:
    """Say whether the vector of the first token depends on those behind it, beside some tokens of padding."""
    rows = len(backbone.get_input_embeddings().get_parameter("weight"))
    own, one, other = [number for number in range(rows) if number != backbone.config.pad_token_id][:3]
    first, second = (_first(backbone, [own, *[word] * 5], padding) for word in (one, other))
    return not torch.equal(first, second)


def _first(backbone: PreTrainedModel, tokens: list[int], padding: int) -> Tensor:
    """Return the vector of the first token, (D,)."""
    ids = torch.tensor([tokens + tokens[:1] * padding], device=backbone.device)  # (1, L)
    mask = (torch.arange(ids.shape[1], device=backbone.device) < len(tokens)).long()[None]
    with torch.inference_mode():
        hidden: Tensor = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    return hidden[0, 0]


def _refusal(config: PreTrainedConfig, is_causal: bool, reason: str) -> ValueError:
    wanted = "left to right" if is_causal else "both ways"
    return ValueError(
        f"is_causal is {str(is_causal).lower()}, but a backbone of type {config.model_type!r} cannot be made to read "
        f"{wanted}: {reason}. Set it to null, or choose another backbone."
    )
