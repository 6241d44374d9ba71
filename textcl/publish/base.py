"""What a model was tuned from, in words that hold outside this machine."""

from collections.abc import Mapping
from typing import Any

from textcl.report import RunFiles, last_part

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


def _tower(section: Mapping[str, Any], files: RunFiles) -> str:
    name = _named(str(section["backbone"]), files)
    layers = section.get("layers")
    first = f"the first {layers} layers of " if layers else ""
    return f"random weights in the shape of {first}{name}" if section.get("random_init") else f"{first}{name}"


def _named(backbone: str, files: RunFiles) -> str:
    """Link a model of the Hub; name one of a package; of a folder say its name, and no way to it."""
    identity = backbone.partition("@")[0]
    commits = {model["id"]: model["revision"] for model in files.provenance.get("base_models", ())}
    if identity in commits:
        return f"[{identity}]({_HUB}/{identity}) (commit `{commits[identity][:12]}`)"
    if backbone.startswith(_PACKAGE):
        return f"`{backbone}`, a model inside a Python package"
    return f"`{last_part(backbone)}`, a folder of its maker"
