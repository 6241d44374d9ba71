"""Open a saved encoder, or build one from a backbone for a recipe."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers.normalizers import Lowercase, Sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textcl.encoder.backbone import load_backbone
from textcl.encoder.encoder import Encoder
from textcl.encoder.fast_swaps import use_fast_parts
from textcl.encoder.files import Settings, read_settings
from textcl.encoder.places import find_folder
from textcl.encoder.prompts import by_role
from textcl.encoder.tokenizing import longest_input


def open_encoder(model: str | Path, *, precision: str = "float32", device: torch.device | str | None = None) -> Encoder:
    """Open a saved encoder, ready to encode.

    Args:
        model: A run folder, a model folder (of sentence-transformers, or of transformers: then the mean is pooled),
            `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        precision: What `encode` multiplies in: float32, bf16 or auto.
        device: Where to put it; None: CUDA if there is one, else the CPU.

    Raises:
        ModelError: The model can not be found or read, or textcl would compute other vectors than it was made for.
    """
    folder = find_folder(str(model))
    backbone, tokenizer = load_backbone(str(folder))
    encoder = _assemble(backbone, tokenizer, _read_fitting(folder, backbone), precision)
    return encoder.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()


def build_encoder(
    backbone: str,
    *,
    pooling: str | None = None,
    prompts: Mapping[str, str] | None = None,
    pool_prompt: bool | None = None,
    layers: int | None = None,
    dropout: float | None = None,
    random_init: bool = False,
    max_length: int | None = None,
    precision: str = "float32",
) -> Encoder:
    """Build the encoder that a recipe asks for, on the CPU.

    Whatever is None stays as the backbone's folder says, if it is one of sentence-transformers; else it is the mean
    over all tokens, no prompts, and as many tokens as the backbone reads.

    Args:
        backbone: A run folder, a model folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        pooling: mean, cls, last, max or weighted_mean.
        prompts: Texts put before the texts of a role: anchor, positive, negative.
        pool_prompt: Whether pooling reads the prompt's tokens.
        layers: Keep the first so many layers.
        dropout: The rate of every dropout.
        random_init: Draw the backbone's weights from torch's generator instead of reading them.
        max_length: Tokens kept of a text, special tokens and prompt included.
        precision: What `encode` multiplies in: float32, bf16 or auto.

    Raises:
        ModelError: The backbone can not be found or read.
        ValueError: A setting that it does not know or have.
    """
    folder = find_folder(backbone)
    model, tokenizer = load_backbone(str(folder), layers=layers, dropout=dropout, random_init=random_init)
    settings = _read_fitting(folder, model)
    settings = replace(
        settings,
        pooling=settings.pooling if pooling is None else pooling,
        prompts=settings.prompts if prompts is None else by_role(prompts),
        pool_prompt=settings.pool_prompt if pool_prompt is None else pool_prompt,
        max_length=settings.max_length if max_length is None else max_length,
    )
    return _assemble(model, tokenizer, settings, precision)


def _read_fitting(folder: Path, backbone: PreTrainedModel) -> Settings:
    """Read a folder's settings; a length beyond the backbone's positions, as some models state, becomes theirs."""
    settings = read_settings(folder)
    limit = longest_input(backbone)
    if limit is None or settings.max_length is None:
        return settings
    return replace(settings, max_length=min(limit, settings.max_length))


def _assemble(
    backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, settings: Settings, precision: str
) -> Encoder:
    if settings.lowercase:
        _lowercase_first(tokenizer)
    use_fast_parts(backbone)
    return Encoder(
        backbone,
        tokenizer,
        pooling=settings.pooling,
        prompts={role.value: prompt for role, prompt in settings.prompts.items()},
        pool_prompt=settings.pool_prompt,
        max_length=settings.max_length,
        precision=precision,
        dense=settings.dense,
    )


def _lowercase_first(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a tokenizer lower-case texts before its own steps."""
    own = tokenizer.backend_tokenizer.normalizer
    tokenizer.backend_tokenizer.normalizer = Sequence([Lowercase(), *([own] if own is not None else [])])
