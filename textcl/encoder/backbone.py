"""Load a Hugging Face encoder and its tokenizer, whole or in part."""

import inspect
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from transformers import (
    MODEL_MAPPING,
    AutoConfig,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from textcl.encoder.folder_format import backbone_folder
from textcl.encoder.locate import find_folder
from textcl.errors import ModelError
from textcl.util.quiet import quiet_transformers

# Dropout of heads that an encoder does not have, and the dropping of whole layers, are not ours.
_RATE = re.compile(r"^(?!classifier|seq_classif|qa_|summary|pooler|.*layerdrop).*(dropout|drop_prob|pdrop)")


def dropout_settings(config: PreTrainedConfig) -> dict[str, float]:
    """Return the config's dropout settings, name → rate."""
    return {
        name: float(value)
        for name, value in config.to_dict().items()
        if _RATE.match(name) and isinstance(value, int | float) and not isinstance(value, bool)
    }


def set_dropout(config: PreTrainedConfig, rate: float) -> None:
    """Set every dropout of a config; to be done before the modules are built.

    Raises:
        ValueError: The rate is not in [0, 1), or the config has no dropout.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout is {rate}; it is a rate, at least 0 and below 1.")
    settings = dropout_settings(config)
    if not settings:
        raise ValueError(f"dropout cannot be set: the architecture {config.model_type!r} has none.")
    for name in settings:
        setattr(config, name, rate)


def largest_dropout(model: nn.Module) -> float:
    """Return the largest dropout rate found in a model's modules, 0 where none drops anything."""
    return max((rate for module in model.modules() for rate in _rates(module)), default=0.0)


def _rates(module: nn.Module) -> list[float]:
    """Return the rates a module holds: a dropout module's own, and those that attention applies by a function."""
    held = [value for name, value in vars(module).items() if "dropout" in name and isinstance(value, float)]
    if "Dropout" in type(module).__name__ and isinstance(rate := getattr(module, "p", None), float):
        held.append(rate)
    return held


def keep_layers(config: PreTrainedConfig, layers: int) -> None:
    """Set how many layers a backbone has; its weights are then loaded for these alone.

    Args:
        config: Changed in place.
        layers: How many of the first layers stay.

    Raises:
        ValueError: The backbone does not have so many layers.
    """
    depth = config.num_hidden_layers
    if not 1 <= layers <= depth:
        raise ValueError(f"layers is {layers}; this backbone has {depth}, so it is a number from 1 to {depth}.")
    for name, value in config.to_dict().items():
        if "layer" in name and isinstance(value, list) and len(value) == depth:
            setattr(config, name, value[:layers])  # such as ModernBERT's layer_types
    config.num_hidden_layers = layers


def without_pooler(kind: type) -> dict[str, bool]:
    """Return the argument by which a class of transformers leaves its own pooling layer out, if it has one."""
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(kind).parameters else {}


_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")


def load_backbone(
    name: str, *, layers: int | None = None, dropout: float | None = None, random_init: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a backbone in float32 and its tokenizer.

    Args:
        name: A folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        layers: Keep the first so many layers; None keeps all.
        dropout: The rate of every dropout; None leaves the model's own.
        random_init: Draw the weights from torch's generator instead of reading them.

    Raises:
        ModelError: The model cannot be found, read, or is no encoder.
        ValueError: `layers` or `dropout` does not fit the backbone.
    """
    folder = backbone_folder(find_folder(name))
    try:
        config = _read_config(folder)
        if layers is not None:
            keep_layers(config, layers)
        if dropout is not None:
            set_dropout(config, dropout)
        with quiet_transformers():
            backbone = _build(config) if random_init else _load(folder, config)
            tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ImportError, KeyError) as error:
        raise ModelError(f"{folder}: the model cannot be read ({error}).") from error
    backbone.train(False)
    return backbone, tokenizer


def load_skeleton(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Build the modules of a backbone without numbers in them, and load its tokenizer.

    Raises:
        ModelError: The model cannot be read, or is no encoder.
    """
    config = _read_config(folder)
    try:
        with torch.device("meta"):
            return _build(config), AutoTokenizer.from_pretrained(folder)
    except (OSError, ImportError, KeyError) as error:
        raise ModelError(f"{folder}: the model cannot be read ({error}).") from error


def _read_config(folder: Path) -> PreTrainedConfig:
    if not (folder / "config.json").exists():
        raise ModelError(f"{folder} holds no config.json and no model/, so it is neither a model nor a finished run.")
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder)
    except ValueError as error:
        raise ModelError(f"{folder / 'config.json'}: transformers does not know this model ({error}).") from error
    if config.is_encoder_decoder or type(config) not in MODEL_MAPPING:
        raise ModelError(f"{folder / 'config.json'}: a model of type {config.model_type!r} is no text encoder.")
    return config


def _build(config: PreTrainedConfig) -> PreTrainedModel:
    """Build a backbone with random weights."""
    kind = _kind(config)
    backbone: PreTrainedModel = kind(config, **without_pooler(kind)).to(torch.float32)
    return backbone


def _load(folder: Path, config: PreTrainedConfig) -> PreTrainedModel:
    """Read a backbone's weights, each one that its modules need."""
    _check_weights(folder)
    kind = _kind(config)
    settings = {"config": config, "dtype": torch.float32, "output_loading_info": True, **without_pooler(kind)}
    backbone: PreTrainedModel
    backbone, report = kind.from_pretrained(folder, **settings)
    missing = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise ModelError(f"{folder}: {len(missing)} weights of the backbone are missing, {missing[0]} among them.")
    return backbone


def _check_weights(folder: Path) -> None:
    """Raise where weights are absent or cut off."""
    files = [file for pattern in _WEIGHTS for file in sorted(folder.glob(pattern))]
    if not files:
        raise ModelError(f"{folder} holds no weights: no model.safetensors and no pytorch_model.bin.")
    for file in files:
        try:
            if file.suffix == ".safetensors":
                with safe_open(file, framework="pt"):
                    pass
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{file} is damaged or cut off ({error}); copy or download it again.") from error


def _kind(config: PreTrainedConfig) -> Any:  # Any: transformers does not type its classes' constructors
    """Return the class of a config's bare model."""
    kind = MODEL_MAPPING[type(config)]
    return kind[0] if isinstance(kind, tuple) else kind
