"""Tiny random backbones of the families that people fine-tune, each with a tokenizer as its kind has it."""

from typing import Any

import torch
from transformers import MODEL_MAPPING, AutoConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from tests.tiny import tiny_tokenizer
from textcl.encoder.architectures import HALVES, encoder_half
from textcl.encoder.backbone import without_pooler

_USUAL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
_GROUPED = {**_USUAL, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4}
_PAIR = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_decoder_layers": 1, "num_heads": 2}
_SLIDING = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
DECODERS: dict[str, dict[str, Any]] = {
    "qwen3": _GROUPED,
    "llama": _GROUPED,
    "gemma3_text": {**_GROUPED, **_SLIDING, "query_pre_attn_scalar": 4},
}
ENCODERS: dict[str, dict[str, Any]] = {
    "modernbert": {**_USUAL, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3},
    "nomic_bert": _USUAL,
    "eurobert": {**_USUAL, "num_key_value_heads": 2},
    "xlm-roberta": _USUAL,
    "deberta": _USUAL,
    "deberta-v2": {**_USUAL, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8},
    **dict.fromkeys(HALVES, _PAIR),
    "switch_transformers": {**_PAIR, "num_sparse_encoder_layers": 1, "num_experts": 2},
}
FAMILIES = {**DECODERS, **ENCODERS}


def family_backbone(kind: str, seed: int = 17) -> PreTrainedModel:
    """Build two layers of sixteen channels with random weights, wide enough that texts differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = family_config(kind)
        cls: Any = encoder_half(config) if kind in HALVES else MODEL_MAPPING[type(config)]
        backbone: PreTrainedModel = cls(config, **without_pooler(cls)).eval()
        for parameter in backbone.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.3)
    return backbone


def family_config(kind: str) -> PreTrainedConfig:
    """Return the configuration of a family."""
    pad = 1 if kind == "xlm-roberta" else 0
    size = len(tiny_tokenizer())
    return AutoConfig.for_model(kind, vocab_size=size, pad_token_id=pad, max_position_embeddings=64, **FAMILIES[kind])


def family_tokenizer(kind: str, ends: bool = True) -> PreTrainedTokenizerFast:
    """Return a tokenizer; that of a decoder has an end token, no padding token, and appends nothing unless asked."""
    tokenizer = tiny_tokenizer(1 if kind == "xlm-roberta" else 0)
    if kind not in DECODERS:
        return tokenizer
    rules = tokenizer.backend_tokenizer
    rules.post_processor = None
    made = PreTrainedTokenizerFast(
        tokenizer_object=rules,
        model_max_length=62,
        eos_token="[SEP]",  # noqa: S106 (no password)
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
    )
    if ends:
        made.pad_token = "[PAD]"  # noqa: S105 (no password)
    return made
