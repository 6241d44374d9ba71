"""Write an encoder as a folder of sentence-transformers."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textcl.atomic import new_folder
from textcl.encoder.dense import write_dense
from textcl.encoder.files import Settings
from textcl.encoder.pooler import without_pooler
from textcl.encoder.pooling_config import pooling_config
from textcl.encoder.quiet import quiet_transformers
from textcl.errors import ModelError
from textcl.types import Role

# The names that every release of sentence-transformers since 2019 resolves.
_TYPE = "sentence_transformers.models.{}"


def save_encoder(
    folder: Path, backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, settings: Settings
) -> None:
    """Write backbone, tokenizer and settings; the folder appears whole or not at all.

    Raises:
        ModelError: It could not be written.
    """
    try:
        with new_folder(folder) as new:
            _write_backbone(new, backbone)
            _write_tokenizer(new, tokenizer, settings.max_length)
            _write_modules(new, settings, int(backbone.config.hidden_size))
            _write(new / "sentence_bert_config.json", _text_settings(backbone, settings))
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder}: the model could not be written ({error}); what stood there is kept.") from error


def _write_backbone(folder: Path, backbone: PreTrainedModel) -> None:
    state = {name: tensor.detach().float().cpu() for name, tensor in backbone.state_dict().items()}
    with quiet_transformers():
        backbone.save_pretrained(folder, state_dict=state)
    _change(folder / "config.json", {"dtype": "float32"}, ("_name_or_path", "_attn_implementation"))


def _write_tokenizer(folder: Path, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> None:
    tokenizer.save_pretrained(folder)
    settings = {} if max_length is None else {"model_max_length": max_length}
    _change(folder / "tokenizer_config.json", settings, ("name_or_path", "is_local", "local_files_only"))


def _write_modules(folder: Path, settings: Settings, width: int) -> None:
    """Write the list of modules and the folder of each."""
    kinds = ["Transformer", "Pooling", *("Dense" for _ in settings.dense), "Normalize"]
    paths = ["", *(f"{number}_{kind}" for number, kind in enumerate(kinds) if number)]
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": _TYPE.format(kind)}
        for number, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "config_sentence_transformers.json", _prompts(settings))
    for path in paths[1:]:
        (folder / path).mkdir()
    _write(folder / paths[1] / "config.json", pooling_config(settings.pooling, settings.pool_prompt, width))
    for dense, path in zip(settings.dense, paths[2:-1], strict=True):
        write_dense(dense, folder / path)
    _write(folder / paths[-1] / "config.json", {})


def _text_settings(backbone: PreTrainedModel, settings: Settings) -> dict[str, Any]:
    """Return what sentence-transformers reads for its transformer: no pooling layer drawn at random beside ours."""
    pooler = without_pooler(type(backbone))
    text = {"max_seq_length": settings.max_length, "do_lower_case": False}
    return text | {"model_args": pooler} if pooler else text


def _prompts(settings: Settings) -> dict[str, Any]:
    """Return the prompts under our roles' names and under those of sentence-transformers' own methods."""
    prompts = {role.value: settings.prompts.get(role, "") for role in Role}
    packages = {"textcl": "textcl", "sentence_transformers": "sentence-transformers", "transformers": "transformers"}
    return {
        "__version__": {name: version(package) for name, package in packages.items()},
        "prompts": {**prompts, "query": prompts[Role.ANCHOR], "document": prompts[Role.POSITIVE]},
        # What `encode` without a name uses, in both libraries.
        "default_prompt_name": Role.ANCHOR.value if prompts[Role.ANCHOR] else None,
        "similarity_fn_name": "cosine",
    }


def _change(file: Path, settings: dict[str, Any], without: Sequence[str]) -> None:
    """Set and remove keys of a JSON file."""
    content = {name: value for name, value in json.loads(file.read_text()).items() if name not in without}
    _write(file, content | settings)


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
