"""From a name or a path to a checked recipe, and back to YAML with every default spelled out."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from textcl.errors import RecipeError, found, suggestion
from textcl.evaluation.suites import is_user_set
from textcl.files.yaml import read_yaml, read_yaml_text, write_yaml
from textcl.recipe.components import OPTIMISER, component_errors, components_in, find_class, spelled_out
from textcl.recipe.consent import checked_consent
from textcl.recipe.errors import errors
from textcl.recipe.overrides import Changes, named, override, plain
from textcl.recipe.schema import Recipe
from textcl.recipe.section import HELD_OUT
from textcl.recipe.signatures import converted, parameters_of
from textcl.util.foreign import reason_of
from textcl.util.installed import names, recipes_folder, suites_folder

_NO_PATHS = ("prompts", "template")  # texts that may begin as they like


def load_recipe(
    recipe: str | Path | Mapping[str, Any] | Recipe, changes: Changes = (), allow_code: Sequence[str] = ()
) -> Recipe:
    """Read, change and check a recipe.

    >>> import textcl
    >>> recipe = textcl.load_recipe("simcse", {"data.sources.0.path": "sentences.txt", "training.epochs": 2})
    >>> recipe.training.epochs, recipe.data.batch_size
    (2, 64)

    Args:
        recipe: The name of a bundled recipe, the path of a YAML file, a dict as such a file holds it, or a recipe.
        changes: Overrides: a mapping of dotted keys to values, or texts as `training.epochs=2`. A position in a list
            is a number from 0.
        allow_code: Packages, modules or files outside textcl whose classes the recipe may name. The result remembers
            them, its YAML never does.

    Returns:
        The recipe, the defaults of its components' constructors filled in. It cannot be changed in place: load it
        again with other changes.

    Raises:
        RecipeError: It is not there, or cannot run; every error that shows before data and weights are read is named.
    """
    raw = _raw(recipe)
    override(raw, changes)
    homeless = _without_home(raw)
    if homeless:
        raise RecipeError("\n".join(homeless))
    before = recipe.allow_code if isinstance(recipe, Recipe) else ()
    return parse(raw, allow_code or before)


def load_run_recipe(file: Path, allow_code: Sequence[str] = ()) -> Recipe:
    """Read and check the recipe in a run folder, which nobody named: errors say where it is."""
    try:
        return load_recipe(str(file), allow_code=allow_code)
    except RecipeError as error:
        raise error if str(file) in str(error) else RecipeError(f"{error}\nThe recipe is {file}.") from None


def _raw(recipe: str | Path | Mapping[str, Any] | Recipe) -> dict[str, Any]:
    """Return what a recipe file would hold, to be changed; `Any`: nothing is checked yet."""
    if isinstance(recipe, Recipe):
        return recipe.model_dump(mode="json")
    if isinstance(recipe, Mapping):
        return {key: plain(value, key) for key, value in named(recipe)}
    if not isinstance(recipe, str | Path):
        raise RecipeError(f"A recipe is a name, a path, a dict or a Recipe; found {type(recipe).__name__}.")
    raw = read_yaml(recipe_text(str(recipe)), str(recipe))
    if not isinstance(raw, dict):
        raise RecipeError(
            f"{recipe}: found {found(raw)}, but a recipe is a mapping of sections: name, data, encoder, …"
        )
    return raw


def recipe_text(recipe: str) -> str:
    """Return the YAML of a bundled recipe or of a file.

    Raises:
        RecipeError: There is none of that name, or the file cannot be read.
    """
    return read_yaml_text(_path(recipe), recipe)


def parse(raw: dict[str, Any], allow_code: Sequence[str] = ()) -> Recipe:
    """Check a recipe and fill in the defaults of its components; `allow_code` as for `load_recipe`.

    Raises:
        RecipeError: All errors, a line each.
    """
    raw = copy.deepcopy(raw)
    allowed = checked_consent(allow_code) if allow_code else ()
    lines = [
        line
        for location, room, value in components_in(raw)
        for line in component_errors(value, room, location, allowed)
    ]
    try:
        recipe = _validated(raw)
    except ValidationError as error:
        raise RecipeError("\n".join(errors(error) + lines)) from None
    lines += _unknown_suites(recipe)
    lines += [] if lines else _unfit_optimiser(recipe)
    if lines:
        raise RecipeError("\n".join(lines))
    filled = recipe.model_dump(mode="json")
    for location, room, value in components_in(filled):
        value.update(spelled_out(value, room, location, allowed))
    return _validated(filled).allowing(allowed)


def resolved(recipe: Recipe) -> str:
    """Return a recipe as YAML with every default spelled out; it loads again to an equal recipe."""
    return write_yaml(recipe.model_dump(mode="json"))


def _validated(raw: dict[str, Any]) -> Recipe:
    """Check against the schema as JSON: strict about types, and a list is a list."""
    return Recipe.model_validate_json(json.dumps(raw, default=str), strict=True)


def _without_home(value: object, location: str = "") -> list[str]:
    """Return a line for each path that begins in the home folder of somebody who has none here."""
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        inner = ((name, entry) for name, entry in entries if name not in _NO_PATHS)
        return [
            line
            for name, entry in inner
            for line in _without_home(entry, f"{location}.{name}" if location else f"{name}")
        ]
    if not isinstance(value, str) or not value.startswith("~"):
        return []
    try:
        Path(value).expanduser()
    except RuntimeError:
        return [f"{location}: found {found(value)}, but there is no home folder {value.partition('/')[0]} here."]
    return []


def _unknown_suites(recipe: Recipe) -> list[str]:
    """Return a line for each suite that is neither bundled nor a path; whether its data is there shows later."""
    section = recipe.evaluation
    named = {f"evaluation.after.{number}": entry for number, entry in enumerate(section.after)}
    if section.during is not None:
        named |= {f"evaluation.during.{location}": entry for location, entry in section.during.entries.items()}
    known = names(suites_folder())
    unheld = [location for location, entry in named.items() if entry == HELD_OUT and recipe.data.held_out is None]
    return [
        f"{location}: found '{HELD_OUT}', but no rows are held out: give data.held_out, as in data.held_out=0.05."
        for location in unheld
    ] + [
        f"{location}: there is no suite '{suite}'. textcl brings {', '.join(known)}; a suite of your own is "
        f"given by its "
        f"path, ./mine.yaml, a set as in sts:FILE.{suggestion(suite, known)}"
        for location, suite in named.items()
        if isinstance(suite, str) and suite not in (*known, HELD_OUT) and not suite.endswith((".yaml", ".yml"))
        if not is_user_set(suite)
    ]


def optimiser_of(recipe: Recipe) -> tuple[type, dict[str, Any]]:
    """Return the class of a recipe's optimiser, and what its constructor is given. `Any`: arguments of many kinds."""
    component = recipe.training.optimiser
    cls = find_class(component.use, OPTIMISER, _OPTIMISER)
    parameters = parameters_of(cls)
    return cls, {name: converted(value, parameters[name]) for name, value in (component.model_extra or {}).items()}


_OPTIMISER = "training.optimiser"


def _unfit_optimiser(recipe: Recipe) -> list[str]:
    """Return a line for each argument that an optimiser refuses, made for a try with this one alone, else with all."""
    location, component = _OPTIMISER, recipe.training.optimiser
    cls, arguments = optimiser_of(recipe)
    parameters, decay = parameters_of(cls), recipe.training.weight_decay
    given = {name: value for name, value in arguments.items() if value != parameters[name].default}
    if decay and "weight_decay" not in parameters:
        return [f"training.weight_decay: found {decay}, but {component.use} lets no weight decay; set it to 0."]
    refused = {name: _refusal(cls, {name: value}) for name, value in given.items()}
    lines = [
        f"{location}.{name}: found {found(component.settings[name])}, but {component.use} refuses it ({words})."
        for name, words in refused.items()
        if words
    ]
    words = _refusal(cls, given) if len(given) > 1 and not lines else None
    return [f"{location}: {component.use} refuses what it is given ({words})."] if words else lines


def _refusal(cls: type, arguments: Mapping[str, Any]) -> str | None:
    """Return why an optimiser cannot be made; its first step shows what its constructor lets through."""
    weights = torch.nn.Parameter(torch.ones(2, 2))
    weights.grad = torch.ones(2, 2)
    try:
        cls([{"params": [weights]}], lr=1e-3, **arguments).step()
    except Exception as error:  # what a constructor of torch raises has no base
        return reason_of(error)
    return None


def _path(recipe: str) -> Path:
    folder = recipes_folder()
    bundled = names(folder)
    path = Path(recipe).expanduser()
    if recipe in bundled:
        return folder / f"{recipe}.yaml"
    if (path / "recipe.yaml").is_file():
        raise RecipeError(f"{recipe} is a folder; the recipe in it is {path / 'recipe.yaml'}.")
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    raise RecipeError(
        f"There is no recipe '{recipe}'. textcl brings {', '.join(bundled)}; a file of your own is given by its path, "
        f"./mine.yaml.{suggestion(recipe, bundled)}"
    )
