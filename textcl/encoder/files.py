"""Read what a model folder says beside its weights: sentence-transformers' format, or a plain transformers folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textcl.encoder.dense import Dense, read_dense
from textcl.encoder.pooling_config import read_pooling
from textcl.errors import ModelError
from textcl.types import Role

# Where each role's prompt is looked up, first hit counts. Ours first, then what sentence-transformers' methods take.
_PROMPT_NAMES = {
    Role.ANCHOR: ("anchor", "query"),
    Role.POSITIVE: ("positive", "document", "passage", "corpus"),
    Role.NEGATIVE: ("negative", "positive", "document", "passage", "corpus"),
}
_OUR_OWN = "sentence_transformers."


@dataclass(frozen=True, slots=True)
class Settings:
    """How texts become vectors around a backbone. The defaults are those of a folder that says nothing."""

    pooling: str = "mean"
    pool_prompt: bool = True
    prompts: dict[Role, str] = field(default_factory=dict)
    max_length: int | None = None  # tokens
    lowercase: bool = False  # whether texts are lower-cased before the tokenizer's own steps
    dense: tuple[Dense, ...] = ()


def backbone_folder(folder: Path) -> Path:
    """Return where a model folder keeps its transformer: at its root, or where its list of modules says."""
    modules = _modules(folder)
    return folder / modules[0]["path"] if modules else folder


def read_settings(folder: Path) -> Settings:
    """Read a model folder's settings; a folder without a list of modules has the defaults.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes.
    """
    modules = _modules(folder)
    if not modules:
        return Settings()
    kinds = [_kind(module, folder) for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or "Normalize" in kinds[2:-1]:
        raise ModelError(
            f"{folder / 'modules.json'}: the modules are {', '.join(kinds)}; textcl opens Transformer, Pooling, then "
            "any number of Dense, then Normalize or nothing."
        )
    pooling_file = folder / modules[1]["path"] / "config.json"
    pooling = _read(pooling_file)
    text = _text_settings(folder / modules[0]["path"])
    return Settings(
        pooling=read_pooling(pooling, pooling_file),
        pool_prompt=bool(pooling.get("include_prompt", True)),
        prompts=_prompts(_read_optional(folder / "config_sentence_transformers.json")),
        max_length=text.get("max_seq_length"),
        lowercase=bool(text.get("do_lower_case")),
        dense=tuple(read_dense(folder / modules[n]["path"]) for n, kind in enumerate(kinds) if kind == "Dense"),
    )


def _modules(folder: Path) -> list[dict[str, Any]]:
    file = folder / "modules.json"
    modules: list[dict[str, Any]] = _parse(file) if file.exists() else []
    return modules


def _kind(module: Mapping[str, Any], folder: Path) -> str:
    """Return the class name of a module of sentence-transformers."""
    path = str(module["type"])
    kind = path.rpartition(".")[2]
    if not path.startswith(_OUR_OWN) or kind not in {"Transformer", "Pooling", "Dense", "Normalize"}:
        raise ModelError(f"{folder / 'modules.json'}: textcl does not know the module {path}.")
    return kind


def _text_settings(folder: Path) -> dict[str, Any]:
    """Read `sentence_bert_config.json`, or what older releases called it after the architecture."""
    files = sorted(folder.glob("sentence_*_config.json"))
    text = _read(files[0]) if files else {}
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
    return _read(file) if file.exists() else {}


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = _parse(file)
    return content


def _parse(file: Path) -> Any:  # Any: JSON
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file} is missing; the model folder is incomplete: copy or download it again.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{file} is no JSON ({error}); copy or download it again.") from None
