"""A digest of an encoder: of all that decides its vectors."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from textcl.encoder.encoder import Encoder
from textcl.encoder.text_encoder import TextEncoder

_OF_NO_WEIGHT = ("transformers_version", "dtype")  # in a config: they differ between files of one model


def fingerprint(encoder: TextEncoder) -> str:
    """Return 32 hexadecimal digits that change when a weight, the tokenizer or a setting of the encoder does.

    Every weight is read: a second for each gigabyte or so. What the weights are multiplied in is not part of it.
    """
    digest = hashlib.blake2b(digest_size=16)
    for tower in (part for part in encoder.modules() if isinstance(part, Encoder)):
        digest.update(json.dumps(_settings(tower), sort_keys=True, default=str).encode())
        for name, weight in tower.state_dict().items():
            digest.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
            digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _settings(encoder: Encoder) -> dict[str, Any]:
    config = encoder.backbone.config.to_dict()
    return {
        "config": {name: value for name, value in config.items() if name not in _OF_NO_WEIGHT and name[0] != "_"},
        "tokenizer": _rules(encoder.tokenizer),
        "pooling": encoder.pooling,
        "pool_prompt": encoder.pool_prompt,
        "prompts": {role.value: prompt for role, prompt in encoder.prompts.items()},
        "max_length": encoder.max_length,
        "dense": [str(layer) for layer in encoder.dense],
    }


def _rules(tokenizer: PreTrainedTokenizerBase) -> Mapping[str, Any]:
    """Return how a tokenizer cuts texts, without what its last call has set."""
    if not tokenizer.is_fast:
        return {"kind": type(tokenizer).__name__, "words": tokenizer.get_vocab()}
    rules: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return {name: value for name, value in rules.items() if name not in ("truncation", "padding")}
