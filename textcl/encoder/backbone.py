"""Load a Hugging Face encoder and its tokenizer, whole or in part."""

import inspect
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    CONFIG_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from textcl.encoder.folder_files import CONFIG, Settings, check_growth, check_weights, read_backbone
from textcl.encoder.folder_format import backbone_folder
from textcl.encoder.locate import find_folder
from textcl.errors import ModelError
from textcl.util.foreign import AGAIN, check_shards, check_vocabulary, reading, tokenizer_file
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
_MOST_PER_BYTE, _SLACK = 4, 1 << 26  # weights that a byte of a file may stand for, and what may be missing


def load_backbone(
    name: str,
    *,
    layers: int | None = None,
    dropout: float | None = None,
    random_init: bool = False,
    is_causal: bool | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a backbone in float32 and its tokenizer.

    Args:
        name: A folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        layers: Keep the first so many layers; None keeps all.
        dropout: The rate of every dropout; None leaves the model's own.
        random_init: Draw the weights from torch's generator instead of reading them.
        is_causal: Whether a token sees only those before it; None leaves the model's own.

    Raises:
        ModelError: The model cannot be found, read, is no encoder, or its parts do not fit each other.
        ValueError: `layers`, `dropout` or `is_causal` does not fit the backbone.
    """
    folder = backbone_folder(find_folder(name))
    config = read_config(folder, is_causal)
    if layers is not None:
        keep_layers(config, layers)
    if dropout is not None:
        set_dropout(config, dropout)
    with quiet_transformers():
        if random_init:
            with reading(folder / CONFIG):
                backbone = _build(config)
        else:
            backbone = _load(folder, config)
    tokenizer = load_tokenizer(folder)
    _check_fit(backbone, tokenizer, folder)
    backbone.train(False)
    if is_causal is not None:
        from textcl.encoder.architectures import check_look

        check_look(backbone, is_causal)
    return backbone, tokenizer


def load_skeleton(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Build the modules of a backbone without numbers in them, and load its tokenizer.

    Raises:
        ModelError: The model cannot be read, is no encoder, or its parts do not fit each other.
    """
    config = read_config(folder)
    backbone = skeleton_of(folder, config)
    tokenizer = load_tokenizer(folder)
    _check_fit(backbone, tokenizer, folder)
    return backbone, tokenizer


def read_config(folder: Path, is_causal: bool | None = None) -> PreTrainedConfig:
    """Return the configuration of a backbone.

    Args:
        folder: Of the backbone.
        is_causal: Whether a token sees only those before it; None leaves the model's own.

    Raises:
        ModelError: It is missing, damaged, or of no text encoder.
        ValueError: The backbone cannot be made to see so.
    """
    said = read_backbone(folder)
    file = said.file
    kind = said.text("model_type")
    if kind not in CONFIG_MAPPING:
        raise _own_code(said) or ModelError(f"{file}: transformers does not know this model, model_type is {kind!r}.")
    with reading(file), quiet_transformers():
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    _check_encoder(config, file)
    _work_plainly(config)
    _attend_in_full(config, file)
    if is_causal is None:
        return config
    from textcl.encoder.architectures import look

    return look(config, is_causal)


def _check_encoder(config: PreTrainedConfig, file: Path) -> None:
    """Raise a ModelError where a model has no text encoder, or none that works without its decoder."""
    kind = config.model_type
    if _is_pair(config):
        from textcl.encoder.architectures import HALVES

        if kind not in HALVES:
            raise ModelError(
                f"{file}: a model of type {kind!r} is no text encoder by itself: it is of a family with a decoder. Of "
                f"these textcl takes the encoder half of {', '.join(HALVES)}."
            )
    if type(config) not in MODEL_MAPPING:
        raise ModelError(f"{file}: a model of type {kind!r} is no text encoder.")


def _is_pair(config: PreTrainedConfig) -> bool:
    """Say whether a model is of a family of an encoder and a decoder."""
    return bool(config.is_encoder_decoder or type(config)().is_encoder_decoder)


_PLAIN = {"output_attentions": False, "return_dict": True, "torchscript": False, "chunk_size_feed_forward": 0}


def _work_plainly(config: PreTrainedConfig) -> None:
    """Set back what changes no vector, but what a backbone hands out beside it or in how many parts it computes."""
    for name, value in _PLAIN.items():
        if getattr(config, name, value) != value:
            setattr(config, name, value)


_log = logging.getLogger(__name__)


def _attend_in_full(config: PreTrainedConfig, file: Path) -> None:
    """Switch off an attention that depends on the batch: BigBird's sparse one ends for good at the first short text."""
    if config.model_type != "big_bird":
        return
    longest = (5 + 2 * config.num_random_blocks) * config.block_size  # tokens; up to them its authors attend in full
    if config.attention_type != "original_full" and longest < config.max_position_embeddings:
        _log.warning(
            "%s: the attention of BigBird is full here, and sparse as its authors have it: texts beyond %d tokens get "
            "other vectors than theirs, and take more memory.",
            file,
            longest,
        )
    config.attention_type = "original_full"


def _own_code(config: Settings) -> ModelError | None:
    """Return what to say of a model that wants code of its own run; None where it names none."""
    if not config.content.get("auto_map"):
        return None
    kind = config.content.get("model_type")
    return ModelError(
        f"{config.file}: a model of type {kind!r} needs code that comes with it (auto_map), which textcl does not run. "
        "Name a model that transformers has a class for."
    )


def _build(config: PreTrainedConfig) -> PreTrainedModel:
    """Build a backbone with random weights."""
    kind = _kind(config)
    backbone: PreTrainedModel = kind(config, **without_pooler(kind)).to(torch.float32)
    return backbone


def _load(folder: Path, config: PreTrainedConfig) -> PreTrainedModel:
    """Read a backbone's weights, each one that its modules need."""
    file = _check_weights(folder, config)
    kind = _kind(config)
    settings = {"config": config, "dtype": torch.float32, "output_loading_info": True, **without_pooler(kind)}
    backbone: PreTrainedModel
    try:
        with reading(file):
            backbone, report = kind.from_pretrained(folder, trust_remote_code=False, **settings)
    except ModelError as error:
        raise _other_sizes(folder, file, error) from error
    missing = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise ModelError(f"{file}: {len(missing)} weights of the backbone are missing, {missing[0]} among them.")
    return backbone


def _other_sizes(folder: Path, file: Path, error: ModelError) -> ModelError:
    """Say what is behind an error of transformers over weights of other sizes, which advises a setting of its own."""
    if "ignore_mismatched_sizes" not in str(error):
        return error
    return ModelError(
        f"{file} holds weights of other sizes than {folder / CONFIG} says; copy both again from one model."
    )


def _check_weights(folder: Path, config: PreTrainedConfig) -> Path:
    """Return the first file of the weights; raise where one is absent, cut off, or much too small for the config."""
    files = [file for pattern in _WEIGHTS for file in sorted(folder.glob(pattern))]
    check_shards(folder)
    if not files:
        graphs = " Name its export, as MODEL#onnx." if (folder / "onnx").is_dir() else ""
        raise ModelError(f"{folder} holds no weights: no model.safetensors and no pytorch_model.bin.{graphs}")
    for file in files:
        check_weights(file)
    numbers, held = sum(tensor.numel() for tensor in skeleton_of(folder, config).parameters()), _bytes(files)
    if numbers > _MOST_PER_BYTE * held + _SLACK:  # before transformers draws all that are missing
        raise ModelError(f"{folder / CONFIG} says a model of {numbers:,} weights; {files[0].name} has {held:,} bytes.")
    return files[0]


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def skeleton_of(folder: Path, config: PreTrainedConfig) -> PreTrainedModel:
    """Build the modules of a backbone without numbers in them."""
    with reading(folder / CONFIG), quiet_transformers(), torch.device("meta"):
        return _build(config)


def _kind(config: PreTrainedConfig) -> Any:  # Any: transformers does not type its classes' constructors
    """Return the class of a config's bare model; of a pair, that of its encoder."""
    if _is_pair(config):
        from textcl.encoder.architectures import encoder_half

        return encoder_half(config)
    kind = MODEL_MAPPING[type(config)]
    return kind[0] if isinstance(kind, tuple) else kind


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a folder; no code of the folder runs.

    Raises:
        ModelError: There is none, it cannot be read, or it knows no words.
    """
    words = tokenizer_file(folder)
    for file in (words, folder / "tokenizer_config.json"):
        if file.suffix == ".json" and file.exists():
            Settings.read(file)
    with reading(words), quiet_transformers():
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        if normalizer := getattr(tokenizer, "backend_tokenizer", None) and tokenizer.backend_tokenizer.normalizer:
            check_growth(words, json.loads(normalizer.__getstate__()))
        tokenizer("a text", verbose=False)
    _pad_by_another(tokenizer)
    if tokenizer.pad_token is None:
        raise ModelError(f"{folder}: its tokenizer has no special token at all, and so none for padding.")
    try:
        _ = tokenizer.all_special_ids
    except RecursionError as error:  # what is no word is the unknown token, which is no word
        file, unknown = folder / "tokenizer_config.json", tokenizer.unk_token
        raise ModelError(f"{file}: the unk_token {unknown!r} is no token of the tokenizer; {AGAIN}.") from error
    return tokenizer


def _pad_by_another(tokenizer: PreTrainedTokenizerBase) -> None:
    """Let another special token pad where a tokenizer has none for it, as those of many decoders.

    No vector depends on which, for padding is masked. The config's `pad_token_id` stays as it is: the embedding of that
    token would not be trained, and the end token's must be.
    """
    if tokenizer.pad_token is None:
        others = (tokenizer.eos_token, tokenizer.unk_token, tokenizer.sep_token, tokenizer.cls_token)
        tokenizer.pad_token = next((token for token in others if token is not None), None)


def _check_fit(backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    rows = int(backbone.get_input_embeddings().get_parameter("weight").shape[0])
    special = tokenizer("a text", verbose=False)["input_ids"]  # its rule may number them otherwise than the vocabulary
    check_vocabulary(rows, (*tokenizer.get_vocab().values(), *special), folder)
