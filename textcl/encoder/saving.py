"""Write an encoder as a folder of sentence-transformers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase

from textcl.encoder.adapter import FOLDER as ADAPTER
from textcl.encoder.adapter import Adapter
from textcl.encoder.backbone import without_pooler
from textcl.encoder.dense import Unit, write_layer
from textcl.encoder.folder_files import read_json, write_json
from textcl.encoder.folder_format import MODULES, FolderSettings, type_of
from textcl.encoder.pooling import LayerMix, pooling_config, write_mix
from textcl.encoder.prompts import Prompts
from textcl.encoder.protocols import Backbone
from textcl.errors import DataError, ModelError
from textcl.types.text import Role
from textcl.util.atomic import new_folder, refuse_link, refuse_location
from textcl.util.installed import version_of
from textcl.util.quiet import quiet_transformers


class Contents(Protocol):
    """What is written of an encoder."""

    @property
    def settings(self) -> FolderSettings:
        """How texts become vectors."""
        ...

    @property
    def kinds(self) -> list[str]:
        """The modules of sentence-transformers that do the same, in the order in which they run."""
        ...

    def prompted(self, prompts: Prompts) -> Self:
        """Return the same under other prompts."""
        ...

    def write(self, folders: Sequence[Path]) -> None:
        """Write the modules, each into a folder of its own, which is made where it is missing."""
        ...


@dataclass(frozen=True, slots=True)
class ModelContents:
    """What is written of an encoder with a transformer."""

    backbone: Backbone
    tokenizer: PreTrainedTokenizerBase
    settings: FolderSettings
    adapter: Adapter | None = None  # its own files lie beside the weights, into which it is merged

    @property
    def kinds(self) -> list[str]:
        """The modules of sentence-transformers that do the same, in the order in which they run."""
        mixing = [] if self.settings.layer_mix is None else [LayerMix.kind]
        return ["Transformer", *mixing, "Pooling", *kinds_after(self.settings)]

    def prompted(self, prompts: Prompts) -> Self:
        """Return the same under other prompts."""
        return replace(self, settings=replace(self.settings, prompts=prompts))

    def write(self, folders: Sequence[Path]) -> None:
        """Write the modules, each into a folder of its own, which is made where it is missing."""
        settings, backbone = self.settings, self.backbone
        width = int(backbone.config.hidden_size)
        make_folders(folders)
        transformer, *others = folders
        if settings.layer_mix is not None:
            write_mix(settings.layer_mix, width, others.pop(0))
        pooling, *after = others
        _write_backbone(transformer, backbone, self.adapter)
        _write_tokenizer(transformer, self.tokenizer, settings.max_length)
        write_json(transformer / "sentence_bert_config.json", _text_settings(backbone, settings))
        write_json(pooling / "config.json", pooling_config(settings.pooling, settings.pool_prompt, width))
        write_after(settings, after)


def make_folders(folders: Sequence[Path]) -> None:
    """Make folders that are missing."""
    for folder in folders:
        folder.mkdir(exist_ok=True)


def kinds_after(settings: FolderSettings) -> list[str]:
    """Return the modules that follow a pooling; the last brings vectors to unit length."""
    return [*(layer.kind for layer in settings.dense), Unit.kind]


def write_after(settings: FolderSettings, folders: Sequence[Path]) -> None:
    """Write the modules of `kinds_after`, each into a folder of its own."""
    for layer, folder in zip(settings.dense, folders[:-1], strict=True):
        write_layer(layer, folder)
    write_json(folders[-1] / "config.json", {})


def save_encoder(folder: Path, contents: Contents) -> None:
    """Write an encoder, its first module at the root; the folder appears whole or not at all.

    Raises:
        ModelError: It could not be written.
    """
    paths = ["", *(f"{number}_{kind}" for number, kind in enumerate(contents.kinds) if number)]
    with whole_folder(folder) as new:
        contents.write([new / path for path in paths])
        write_list(new, dict(zip(paths, contents.kinds, strict=True)), contents.settings)


def refuse_filled(folder: Path) -> None:
    """Refuse, before the work, a folder that holds something or cannot be written.

    Raises:
        DataError: It holds something, or is a link or a file.
        WriteError: It cannot be written.
    """
    refuse_link(folder)
    if folder.is_dir():
        if any(folder.iterdir()):
            raise DataError(f"{folder} is not empty; name another folder, or empty this one.")
        folder = folder / "model.safetensors"
    refuse_location(folder, force=False)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that is moved to `folder` when the block ends well.

    Raises:
        ModelError: The disk does not take it; what stood there is kept.
    """
    try:
        with new_folder(folder) as new:
            yield new
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder}: the model could not be written ({error}); what stood there is kept.") from error


def write_list(folder: Path, kinds: Mapping[str, str], settings: FolderSettings) -> None:
    """Write the list of a model folder's modules, and what is said of the model as a whole.

    Args:
        folder: The model folder.
        kinds: Where a module lies → the name of its class, in the order in which they run.
        settings: Of the encoder; of two, those of the queries.
    """
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": type_of(kind)}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    write_json(folder / MODULES, modules)
    write_json(folder / "config_sentence_transformers.json", _model_settings(settings))


def _write_backbone(folder: Path, backbone: Backbone, adapter: Adapter | None) -> None:
    held = backbone.state_dict() if adapter is None else adapter.merged()
    is_half = adapter is None and any(weight.dtype is torch.bfloat16 for weight in backbone.parameters())
    state = {name: (tensor if is_half else tensor.float()).detach().cpu() for name, tensor in held.items()}
    if adapter is not None:
        adapter.save(folder / ADAPTER)
    with quiet_transformers():
        backbone.save_pretrained(folder, state_dict=state)
    held_in = {"dtype": "bfloat16" if is_half else "float32"}
    _change(folder / "config.json", held_in, ("_name_or_path", "_attn_implementation"))


def _write_tokenizer(folder: Path, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> None:
    tokenizer.save_pretrained(folder)
    settings = {} if max_length is None else {"model_max_length": max_length}
    _change(folder / "tokenizer_config.json", settings, ("name_or_path", "is_local", "local_files_only"))


def _text_settings(backbone: Backbone, settings: FolderSettings) -> dict[str, Any]:
    """Return what sentence-transformers reads for its transformer: no pooling layer drawn at random beside ours."""
    pooler = without_pooler(type(backbone))
    text: dict[str, Any] = {"max_seq_length": settings.max_length, "do_lower_case": False}
    by_role = {
        "query_length": settings.lengths.get(Role.ANCHOR),
        "document_length": settings.lengths.get(Role.POSITIVE),
    }
    text |= {name: length for name, length in by_role.items() if length is not None}
    return text | {"model_args": pooler} if pooler else text


def _model_settings(settings: FolderSettings) -> dict[str, Any]:
    """Return prompts, width and similarity, and what else stood in the file that the encoder was opened from."""
    packages = {"textcl": "textcl", "sentence_transformers": "sentence-transformers", "transformers": "transformers"}
    cut = {} if settings.truncate_dim is None else {"truncate_dim": settings.truncate_dim}
    return {
        "__version__": {name: found for name, package in packages.items() if (found := version_of(package))},
        "prompts": dict(settings.prompts.named),
        "default_prompt_name": settings.prompts.default,  # what `encode` without a name uses, in both libraries
        "similarity_fn_name": "cosine",
        **settings.beside,
        **cut,
    }


def _change(file: Path, settings: dict[str, Any], without: Sequence[str]) -> None:
    """Set and remove keys of a JSON file."""
    content = {name: value for name, value in read_json(file).items() if name not in without}
    write_json(file, content | settings)
