"""What a model was tuned from, in words that hold outside this machine."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from textcl.report.page import last_part
from textcl.report.page_data import RunFiles
from textcl.report.scores import Checked
from textcl.util.visible import code

_HUB = "https://huggingface.co"
_PACKAGE = "pkg://"


def base_models(files: RunFiles) -> list[str]:
    """Return the ids of the models on the Hub whose weights the run began with."""
    return [model["id"] for model in (files.provenance.get("base_models") or ())]


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
    commits = {model["id"]: model["revision"] for model in (files.provenance.get("base_models") or ())}
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


_Number = Annotated[float, Field(strict=False)]  # YAML may hold 3e-5 as a text


class _Component(Checked):
    use: str
    id: str = ""  # of a data set on the Hub


class _View(Checked):
    role: str
    augment: list[_Component] | None = None
    input: list[_Component] | None = None


class _Source(Checked):
    """A component, or what holds one as `source`, with settings of its own."""

    use: str = ""
    source: _Component = _Component(use="")
    id: str = ""
    objective: _Component | None = None
    views: list[_View] | None = None

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        """Refuse a source that is nothing."""
        if not (self.use or self.source.use):
            raise ValueError("it names no source")
        return self


class _Data(Checked):
    sources: list[_Source]
    views: list[_View] | None = None
    batch_size: int
    max_length: int


class _Adapter(Checked):
    rank: int
    alpha: _Number
    targets: list[str] | None = None


class _Teacher(Checked):
    model: str
    reads: str


class _Encoder(Checked):
    backbone: str
    random_init: bool
    layers: int | None = None
    dropout: _Number | None = None
    teacher: str | _Teacher | None = None
    adapter: _Adapter | None = None
    documents: dict[str, Any] | None = None


class _Training(Checked):
    learning_rate: _Number
    objective_learning_rate: _Number | None = None
    weight_decay: _Number
    clip: _Number
    warmup: _Number
    schedule: str
    precision: str
    optimiser: _Component | None = None


class _Set(Checked):
    source: dict[str, Any]


class _Evaluation(Checked):
    data_dir: str | None = None
    after: list[str | _Set]


class _Hub(Checked):
    language: list[str] | None = None
    license: str | None = None
    datasets: list[str] | None = None


class PublishedRecipe(Checked):
    """What a card tells of a recipe, with every default spelled out."""

    name: str
    seed: int
    data: _Data
    encoder: _Encoder
    objective: _Component
    training: _Training
    evaluation: _Evaluation
    hub: _Hub | None = None
