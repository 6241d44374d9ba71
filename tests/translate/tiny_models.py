"""Translation models of some thousand random weights, saved as their owners save them."""

from pathlib import Path

import torch
from tokenizers import AddedToken
from transformers import (
    GenerationConfig,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    T5Config,
    T5ForConditionalGeneration,
)

from tests.tiny import tiny_tokenizer

_SIZES = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
}  # fmt: skip


def save_tiny_marian(folder: Path, seed: int = 17, *more_tokens: str) -> Path:
    """Save a MarianMT model whose translations are noise, but always the same."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(list(more_tokens))
    config = MarianConfig(
        vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=3, bos_token_id=2, decoder_start_token_id=0,
        forced_eos_token_id=None, init_std=0.5, **_SIZES,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = MarianMTModel(config)
    model.generation_config = GenerationConfig(
        pad_token_id=0, eos_token_id=3, decoder_start_token_id=0, num_beams=4, max_length=64, bad_words_ids=[[0]]
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_tiny_many_to_many(folder: Path, *language_tokens: str) -> Path:
    """Save an M2M100 model with these language tokens."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in language_tokens])
    config = M2M100Config(
        vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=3, bos_token_id=2, decoder_start_token_id=3,
        init_std=0.5, **_SIZES,
    )  # fmt: skip
    torch.manual_seed(17)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_tiny_t5(folder: Path) -> Path:
    """Save a T5 model whose questions are noise, but always the same under a seed."""
    tokenizer = tiny_tokenizer()
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, pad_token_id=0,
        eos_token_id=3, decoder_start_token_id=0, initializer_factor=4.0,
    )  # fmt: skip
    torch.manual_seed(17)
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
