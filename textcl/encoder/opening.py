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
from textcl.encoder.files import Settings
from textcl.encoder.places import find_folder
from textcl.encoder.prompts import by_role
from textcl.encoder.router import read_towers
from textcl.encoder.text_encoder import TextEncoder
from textcl.encoder.tokenizing import longest_input
from textcl.encoder.two_tower import TwoTower
from textcl.errors import ModelError


def open_encoder(
    model: str | Path, *, precision: str = "float32", device: torch.device | str | None = None
) -> TextEncoder:
    """Open a saved encoder, one or two towers, ready to encode.

    Args:
        model: A run folder, a model folder (of sentence-transformers, or of transformers: then the mean is pooled),
            `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        precision: What `encode` multiplies in: float32, bf16 or auto.
        device: Where to put it; None: CUDA if there is one, else the CPU.

    Raises:
        ModelError: The model can not be found or read, or textcl would compute other vectors than it was made for.
    """
    encoder = build_encoder(str(model), precision=precision)
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
) -> TextEncoder:
    """Build the encoder that a recipe asks for, on the CPU; it has two towers where the folder holds two.

    Whatever is None stays as the backbone's folder says, if it is one of sentence-transformers; else it is the mean
    over all tokens, no prompts, and as many tokens as the backbone reads. Of two towers each is changed alike.

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
    folder, encoders = find_folder(backbone), []
    for tower in read_towers(folder):
        model, tokenizer = load_backbone(str(tower.folder), layers=layers, dropout=dropout, random_init=random_init)
        settings = _fitting(tower.settings, model)
        settings = replace(
            settings,
            pooling=settings.pooling if pooling is None else pooling,
            prompts=settings.prompts if prompts is None else by_role(prompts),
            pool_prompt=settings.pool_prompt if pool_prompt is None else pool_prompt,
            max_length=settings.max_length if max_length is None else max_length,
        )
        encoders.append(_assemble(model, tokenizer, settings, precision))
    return encoders[0] if len(encoders) == 1 else _pair(folder, *encoders)


def _pair(folder: Path, queries: Encoder, documents: Encoder) -> TwoTower:
    try:
        return TwoTower(queries, documents)
    except ValueError as error:
        raise ModelError(f"{folder}: {error}") from error


def _fitting(settings: Settings, backbone: PreTrainedModel) -> Settings:
    """Change a length beyond the backbone's positions, as some models state it, into theirs."""
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
