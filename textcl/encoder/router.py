"""Two towers in one model folder: the Router of sentence-transformers, a route for queries and one for documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textcl.encoder.folder_files import Settings, write_json
from textcl.encoder.folder_format import (
    FolderSettings,
    Module,
    kind_of,
    read_modules,
    read_settings,
    settings_of,
    type_of,
)
from textcl.encoder.saving import ModelContents, whole_folder, write_list, write_modules
from textcl.errors import ModelError
from textcl.util.foreign import below

ROUTES = ("query", "document")  # the tasks of `encode_query` and `encode_document`
_FILE = "router_config.json"
_WEIGHTS = ("Transformer", "Dense")  # modules that hold weights


@dataclass(frozen=True, slots=True)
class Tower:
    """An encoder of a model folder: where its transformer lies, and how texts become vectors around it."""

    folder: Path
    settings: FolderSettings


def read_towers(folder: Path) -> tuple[Tower, ...]:
    """Read what a model folder says of its encoders: one, or that of the queries and that of the documents.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes; or it has other
            routes than these, chooses among them by more than the task, or shares weights between them.
    """
    modules = read_modules(folder)
    if not modules or modules[0].kind != "Router":
        return (Tower(folder, read_settings(folder)),)
    return _read_routes(folder, modules[0].folder / _FILE, modules[1:])


def save_towers(folder: Path, queries: ModelContents, documents: ModelContents) -> None:
    """Write two towers; the folder appears whole or not at all. The prompts are those of the queries' settings.

    Raises:
        ModelError: It could not be written.
    """
    towers = dict(zip(ROUTES, (queries, documents), strict=True))
    structure = {
        route: [f"{route}_{number}_{kind}" for number, kind in enumerate(contents.kinds)]
        for route, contents in towers.items()
    }
    kinds = [kind for contents in towers.values() for kind in contents.kinds]
    names = [name for route in structure.values() for name in route]
    config = {
        "types": {name: type_of(kind) for name, kind in zip(names, kinds, strict=True)},
        "structure": structure,
        # `encode` without a task takes the queries' tower, in both libraries.
        "parameters": {"default_route": ROUTES[0], "allow_empty_key": True, "route_mappings": {}},
    }
    with whole_folder(folder) as new:
        for route, contents in towers.items():
            write_modules([new / name for name in structure[route]], contents)
        write_json(new / _FILE, config)
        write_list(new, {"": "Router"}, queries.settings)


def _read_routes(folder: Path, file: Path, behind: Sequence[Module]) -> tuple[Tower, ...]:
    """Read both routes; the modules behind the Router belong to each."""
    routes = _routes(Settings.read(file))
    queries, documents = ([*routes[name], *behind] for name in ROUTES)
    shared = next((module for module in queries if module.kind in _WEIGHTS and module in documents), None)
    if shared is not None:
        raise ModelError(
            f"{file}: both routes share the weights of {shared.folder.name}; textcl opens towers with weights of their "
            "own. One encoder for both, with a prompt for each, needs no Router."
        )
    return tuple(Tower(route[0].folder, settings_of(route, folder, file)) for route in (queries, documents))


def _routes(config: Settings) -> dict[str, list[Module]]:
    """Return the modules of each route, in the order in which they run."""
    structure = Settings(config.file, config.content.get("structure") or {}).content
    if set(structure) != set(ROUTES):
        found = ", ".join(structure) or "none"
        raise ModelError(f"{config.file}: the routes are {found}; textcl opens models with {' and '.join(ROUTES)}.")
    parameters = Settings(config.file, config.content.get("parameters") or {}).content
    if parameters.get("route_mappings"):
        raise ModelError(
            f"{config.file}: route_mappings is {parameters['route_mappings']}; textcl opens models that choose the "
            "route by the task alone, without it."
        )
    types = config.texts("types")
    return {route: [_module(name, types, config.file) for name in _names(structure, route, config)] for route in ROUTES}


def _names(structure: Mapping[str, Any], route: str, config: Settings) -> list[str]:
    names = structure[route]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{config.file}: the route {route} must be a list of names of modules.")
    return names


def _module(name: str, types: Mapping[str, str], file: Path) -> Module:
    return Module(kind_of(types.get(name), file), below(file.parent, name, file))
