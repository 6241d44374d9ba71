"""Read what a model folder says beside its weights: sentence-transformers' format, or a plain transformers folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textcl.encoder.dense import Dense, read_dense
from textcl.encoder.json_files import read_json
from textcl.encoder.modules import MODULES, Module, read_modules
from textcl.encoder.pooling_config import read_pooling
from textcl.errors import ModelError
from textcl.types import Role

# Where each role's prompt is looked up, first hit counts. Ours first, then what sentence-transformers' methods take.
_PROMPT_NAMES = {
    Role.ANCHOR: ("anchor", "query"),
    Role.POSITIVE: ("positive", "document", "passage", "corpus"),
    Role.NEGATIVE: ("negative", "positive", "document", "passage", "corpus"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How texts become vectors around a backbone. The defaults are those of a folder that says nothing."""

    pooling: str = "mean"
    pool_prompt: bool = True
    prompts: dict[Role, str] = field(default_factory=dict)
    max_length: int | None = None  # tokens
    lowercase: bool = False  # whether texts are lower-cased before the tokenizer's own steps
    dense: tuple[Dense, ...] = ()


def read_settings(folder: Path) -> Settings:
    """Read a model folder's settings; a folder without a list of modules has the defaults.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes.
    """
    modules = read_modules(folder)
    return settings_of(modules, folder, folder / MODULES) if modules else Settings()


def settings_of(modules: Sequence[Module], folder: Path, file: Path) -> Settings:
    """Read the settings of one encoder.

    Args:
        modules: The encoder's, in the order in which they run.
        folder: The model folder, which has the prompts.
        file: Where the modules are listed, for messages.

    Raises:
        ModelError: The modules would give other vectors than textcl computes.
    """
    kinds = [module.kind for module in modules]
    after_pooling = kinds[2:-1] if kinds[-1:] == ["Normalize"] else kinds[2:]
    if kinds[:2] != ["Transformer", "Pooling"] or set(after_pooling) - {"Dense"}:
        raise ModelError(
            f"{file}: the modules are {', '.join(kinds)}; textcl opens Transformer, Pooling, then any number of Dense, "
            "then Normalize or nothing."
        )
    pooling_file = modules[1].folder / "config.json"
    pooling: dict[str, Any] = read_json(pooling_file)
    text = _text_settings(modules[0].folder)
    return Settings(
        pooling=read_pooling(pooling, pooling_file),
        pool_prompt=bool(pooling.get("include_prompt", True)),
        prompts=_prompts(_read_optional(folder / "config_sentence_transformers.json")),
        max_length=text.get("max_seq_length"),
        lowercase=bool(text.get("do_lower_case")),
        dense=tuple(read_dense(module.folder) for module in modules if module.kind == "Dense"),
    )


def _text_settings(folder: Path) -> dict[str, Any]:
    """Read `sentence_bert_config.json`, or what older releases called it after the architecture."""
    files = sorted(folder.glob("sentence_*_config.json"))
    text: dict[str, Any] = read_json(files[0]) if files else {}
    task = text.get("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise ModelError(f"{files[0]}: the model is made for {task}; textcl opens models for feature-extraction.")
    return text


def _prompts(config: Mapping[str, Any]) -> dict[Role, str]:
    """Return the prompt of each role; the default prompt stands in where no name fits."""
    written = config.get("prompts") or {}
    default = written.get(config.get("default_prompt_name"), "")
    return {
        role: next((written[name] for name in names if written.get(name) is not None), default)
        for role, names in _PROMPT_NAMES.items()
    }


def _read_optional(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_json(file) if file.exists() else {}
    return content
