"""The encoders of a model folder: one, or the two of a Router, a route for queries and one for documents."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textcl.encoder.dense import WEIGHED
from textcl.encoder.folder_files import Settings, write_json
from textcl.encoder.folder_format import (
    MODULES,
    ROUTER,
    STATIC,
    Module,
    Tower,
    kind_of,
    read_modules,
    read_settings,
    settings_of,
    type_of,
)
from textcl.encoder.locate import find_folder
from textcl.encoder.pooling import LayerMix
from textcl.encoder.saving import Contents, whole_folder, write_list
from textcl.encoder.static import static_tower
from textcl.errors import ModelError
from textcl.util.foreign import below

ROUTES = ("query", "document")  # the tasks of `encode_query` and `encode_document`
_FILE, _OLD_FILE = "router_config.json", "config.json"
_WEIGHTS = ("Transformer", STATIC, LayerMix.kind, *WEIGHED)  # modules that hold weights


def read_towers(folder: Path) -> tuple[Tower, ...]:
    """Read what a model folder says of its encoders: one, or that of the queries and that of the documents.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes; or it has other
            routes than these, chooses among them by more than the task, or shares weights between them.
    """
    modules = read_modules(folder)
    if not modules:
        return (Tower(folder, read_settings(folder)),)
    if modules[0].kind not in ROUTER:
        return (_tower(modules, folder, folder, folder / MODULES),)
    files = [modules[0].folder / name for name in (_FILE, _OLD_FILE)]
    return _read_routes(folder, next((file for file in files if file.exists()), files[0]), modules[1:])


def holds_table(name: str) -> bool:
    """Say whether a model, a folder or a Hub id, is a table of token embeddings, and has no towers.

    Raises:
        ModelError: It cannot be found or read.
    """
    towers = read_towers(find_folder(name))
    return len(towers) == 1 and towers[0].is_static


def _tower(modules: Sequence[Module], home: Path, folder: Path, file: Path) -> Tower:
    """Read one encoder of a model folder; `home` is where its transformer lies, `file` where its modules are listed."""
    if modules[0].kind == STATIC:
        return static_tower(modules, folder, file)
    return Tower(home, settings_of(modules, folder, file))


def save_towers(folder: Path, queries: Contents, documents: Contents, default: int) -> None:
    """Write two towers; the folder appears whole or not at all. The prompts are those of the queries' settings.

    Args:
        folder: The model folder.
        queries: The tower of queries.
        documents: The tower of documents.
        default: The number of the tower that embeds texts which are neither.

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
        "parameters": {"default_route": ROUTES[default], "allow_empty_key": True, "route_mappings": {}},
    }
    with whole_folder(folder) as new:
        for route, contents in towers.items():
            contents.write([new / name for name in structure[route]])
        write_json(new / _FILE, config)
        write_list(new, {"": "Router"}, queries.settings)


def _read_routes(folder: Path, file: Path, behind: Sequence[Module]) -> tuple[Tower, ...]:
    """Read both routes; the modules behind the Router belong to each."""
    config = Settings.read(file)
    routes, default = _routes(config), _default(config)
    queries, documents = ([*routes[name], *behind] for name in ROUTES)
    shared = next((module for module in queries if module.kind in _WEIGHTS and module in documents), None)
    if shared is not None:
        raise ModelError(
            f"{file}: both routes share the weights of {shared.folder.name}; textcl opens towers with weights of their "
            "own. One encoder for both, with a prompt for each, needs no Router."
        )
    return tuple(
        replace(_tower(route, route[0].folder, folder, file), is_default=name == default)
        for name, route in zip(ROUTES, (queries, documents), strict=True)
    )


def _default(config: Settings) -> str:
    """Return the route of texts without a task; where there is none, that of queries."""
    parameters = Settings(config.file, config.content.get("parameters") or {})
    first = next(iter(config.content["structure"])) if parameters.flag("allow_empty_key", True) else ROUTES[0]
    name = parameters.text("default_route", first)
    if name not in ROUTES:
        raise parameters.wrong("default_route", " or ".join(ROUTES))
    return name


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
