"""What a model was tuned from, in words that hold outside this machine."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from textcl.hub.markdown import code
from textcl.report.page import last_part
from textcl.report.page_data import RunFiles

_HUB = "https://huggingface.co"
_PACKAGE = "pkg://"


def base_models(files: RunFiles) -> list[str]:
    """Return the ids of the models on the Hub whose weights the run began with."""
    return [model["id"] for model in files.provenance.get("base_models", ())]


def base_words(files: RunFiles) -> str:
    """Say what was tuned: one encoder, or that of the queries and that of the documents."""
    section = files.recipe["encoder"]
    documents = section.get("documents")
    if not documents:
        return _tower(section, files)
    own = section | {name: value for name, value in documents.items() if value is not None}
    return f"{_tower(section, files)} (for queries) and {_tower(own, files)} (for documents)"


def is_local(section: Mapping[str, Any], files: RunFiles) -> bool:
    """Whether a tower began as a folder that only its maker has.

    Runs of older versions do not say what was on the Hub, and neither do random weights: then only a name tells that
    can be no id.
    """
    backbone = str(section["backbone"])
    if "base_models" in files.provenance and not section.get("random_init"):
        return not backbone.startswith(_PACKAGE) and backbone.partition("@")[0] not in base_models(files)
    return backbone.startswith((".", "/", "~"))


def _tower(section: Mapping[str, Any], files: RunFiles) -> str:
    layers = section.get("layers")
    name = f"the first {layers} layers of {_named(section, files)}" if layers else _named(section, files)
    return f"random weights in the shape of {name}" if section.get("random_init") else name


def _named(section: Mapping[str, Any], files: RunFiles) -> str:
    """Link a model of the Hub; name one of a package; of a folder say its name, and no way to it."""
    backbone = str(section["backbone"])
    identity = backbone.partition("@")[0]
    commits = {model["id"]: model["revision"] for model in files.provenance.get("base_models", ())}
    if identity in commits:
        return f"[{identity}]({_HUB}/{quote(identity)}) (commit {code(commits[identity][:12])})"
    if backbone.startswith(_PACKAGE):
        return f"{code(backbone)}, a model inside a Python package"
    return f"{code(last_part(backbone))}{', a folder of its maker' if is_local(section, files) else ''}"


def component_names(part: Any) -> list[str]:
    """Return the names of all components in a part of a recipe, outer ones first, each once.

    Args:
        part: A component, a section, or a list of such; `Any` because a recipe's values are of many kinds.
    """
    return list(dict.fromkeys(_names(part)))


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, list | tuple):
        for entry in part:
            yield from _names(entry)
    elif isinstance(part, dict):
        if isinstance(part.get("use"), str):
            yield part["use"].rpartition(":")[2]
        for value in part.values():
            yield from _names(value)


Part = Mapping[str, Any]  # as its file reads: of many kinds


def sources_of(recipe: Part) -> list[Part]:
    """Return the components of the sources."""
    return [entry.get("source", entry) for entry in recipe["data"]["sources"]]


def objectives_of(recipe: Part) -> list[Part]:
    """Return the recipe's objective, and those that sources have of their own."""
    own = (entry.get("objective") for entry in recipe["data"]["sources"] if "source" in entry)
    return [recipe["objective"], *(objective for objective in own if objective)]


def views_of(recipe: Part) -> list[Part]:
    """Return the views of the recipe, and those that sources have of their own."""
    own = (entry.get("views") for entry in recipe["data"]["sources"] if "source" in entry)
    return [view for views in (recipe["data"].get("views"), *own) for view in views or ()]
