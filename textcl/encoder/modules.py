"""The modules of sentence-transformers that a model folder lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textcl.encoder.json_files import read_json
from textcl.errors import ModelError

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
