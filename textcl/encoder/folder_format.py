"""Read what a model folder says beside its weights: sentence-transformers' format, or a plain transformers folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textcl.encoder.dense import Dense, read_dense
from textcl.encoder.pooling import read_pooling
from textcl.errors import ModelError
from textcl.types.text import Role


def read_json(file: Path) -> Any:  # Any: JSON
    """Read a JSON file.

    Raises:
        ModelError: It is missing or no JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file} is missing; the model folder is incomplete: copy or download it again.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{file} is no JSON ({error}); copy or download it again.") from None


def write_json(file: Path, content: object) -> None:
    """Write a JSON file as people read it."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


MODULES = "modules.json"
_TYPE = "sentence_transformers.models.{}"  # resolved by every release that has the class
_OUR_OWN = "sentence_transformers."
_KNOWN = ("Transformer", "Pooling", "Dense", "Normalize", "Router")


@dataclass(frozen=True, slots=True)
class Module:
    """A module: the name of its class, and its own folder."""

    kind: str
    folder: Path


def backbone_folder(folder: Path) -> Path:
    """Return where a model folder keeps its transformer: at its root, or where its list of modules says."""
    modules = _listed(folder)
    return folder / modules[0]["path"] if modules else folder


def read_modules(folder: Path) -> list[Module]:
    """Return the modules that a model folder lists, in the order in which they run; none where it has no list.

    Raises:
        ModelError: textcl does not know one of them.
    """
    file = folder / MODULES
    return [Module(kind_of(module["type"], file), folder / module["path"]) for module in _listed(folder)]


def listed_kinds(folder: Path) -> list[str]:
    """Return the class names of the modules that a model folder lists, known or not."""
    return [_class_name(module["type"]) for module in _listed(folder)]


def kind_of(path: object, file: Path) -> str:
    """Return the class name of a module.

    Args:
        path: Its dotted path, as the folder writes it.
        file: Where that stands, for messages.

    Raises:
        ModelError: textcl does not know it.
    """
    kind = _class_name(path)
    if not str(path).startswith(_OUR_OWN) or kind not in _KNOWN:
        raise ModelError(f"{file}: textcl does not know the module {path}.")
    return kind


def type_of(kind: str) -> str:
    """Return the dotted path to write for a class of sentence-transformers."""
    return _TYPE.format(kind)


def _class_name(path: object) -> str:
    return str(path).rpartition(".")[2]


def _listed(folder: Path) -> list[dict[str, Any]]:
    file = folder / MODULES
    modules: list[dict[str, Any]] = read_json(file) if file.exists() else []
    return modules


# Where each role's prompt is looked up, first hit counts. Ours first, then what sentence-transformers' methods take.
_PROMPT_NAMES = {
    Role.ANCHOR: ("anchor", "query"),
    Role.POSITIVE: ("positive", "document", "passage", "corpus"),
    Role.NEGATIVE: ("negative", "positive", "document", "passage", "corpus"),
}


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """How texts become vectors around a backbone. The defaults are those of a folder that says nothing."""

    pooling: str = "mean"
    pool_prompt: bool = True
    prompts: dict[Role, str] = field(default_factory=dict)
    max_length: int | None = None  # tokens
    lowercase: bool = False  # whether texts are lower-cased before the tokenizer's own steps
    dense: tuple[Dense, ...] = ()


def read_settings(folder: Path) -> FolderSettings:
    """Read a model folder's settings; a folder without a list of modules has the defaults.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes.
    """
    modules = read_modules(folder)
    return settings_of(modules, folder, folder / MODULES) if modules else FolderSettings()


def settings_of(modules: Sequence[Module], folder: Path, file: Path) -> FolderSettings:
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
    return FolderSettings(
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
