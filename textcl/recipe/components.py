"""Components: checked against the constructor's signature, spelled out with its defaults, and built."""

from collections.abc import Callable, Mapping
from typing import Any

from textcl.errors import RecipeError, TextclError, suggestion
from textcl.recipe.rooms import Room, find_class, is_component
from textcl.recipe.signatures import (
    Parameters,
    annotation_of,
    converted,
    fits,
    is_required,
    parameters_of,
    plain_default,
    takes_any_name,
)
from textcl.recipe.wording import describe, found

Component = Mapping[str, Any]  # as the recipe writes it: `use`, and settings whose values are whatever was typed


def component_faults(component: Component, room: Room, place: str) -> list[str]:
    """Return a line for each setting that the component's constructor would not take, its inner components' included.

    Args:
        component: `use`, and the settings beside it.
        room: The kind that the place wants.
        place: Where it stands in the recipe: `data.sources.0`.
    """
    try:
        cls = find_class(component["use"], room, place)
    except RecipeError as error:
        return [str(error)]
    parameters = _named_by_recipes(cls, room)
    lines = []
    for name, value in _settings(component).items():
        inner = _inner_components(value, f"{place}.{name}")
        if name not in parameters:
            lines += _unknown(cls, parameters, name, place)
        elif inner:
            lines += [line for at, entry in inner.items() for line in component_faults(entry, room, at)]
        else:
            lines += _unfit(cls, parameters, name, value, place)
    absent = [name for name, parameter in parameters.items() if is_required(parameter) and name not in component]
    return lines + [_needed(cls, parameters, name, place, "missing") for name in absent]


def spelled_out(component: Component, room: Room, place: str) -> dict[str, Any]:
    """Return a checked component with every default of its constructor written out, in the constructor's order."""
    given = {
        name: _each_component(value, f"{place}.{name}", lambda entry, at: spelled_out(entry, room, at))
        for name, value in _settings(component).items()
    }
    spelled = {}
    for name, parameter in parameters_of(find_class(component["use"], room, place)).items():
        try:
            spelled[name] = given[name] if name in given else plain_default(parameter)
        except TypeError:  # a default that YAML has no words for stays unsaid
            continue
    return {"use": component["use"], **spelled, **given}


def build(component: Component, room: Room, place: str, known: Mapping[str, object] | None = None) -> Any:
    """Construct a checked component, inner ones first.

    The result is `Any` because the room decides its type; callers name it.

    Args:
        component: `use`, and the settings beside it.
        room: The kind that the place wants.
        place: Where it stands in the recipe.
        known: What the room fills in, by the names of its `filled_in`.

    Raises:
        RecipeError: The constructor refuses a value; names the place.
        TextclError: What the constructor found out about files and packages, with the place before it.
    """
    cls = find_class(component["use"], room, place)
    parameters = parameters_of(cls)
    arguments = {name: value for name, value in (known or {}).items() if name in parameters}
    for name, value in _settings(component).items():
        if _inner_components(value, name) or name not in parameters:
            value = _each_component(value, f"{place}.{name}", lambda entry, at: build(entry, room, at, known))
            arguments[name] = value
        else:
            arguments[name] = converted(value, parameters[name])
    try:
        return cls(**arguments)
    except TextclError as error:
        raise type(error)(f"{place}: {error}") from error
    except ValueError as error:
        raise RecipeError(f"{place}: {error}") from error


def _named_by_recipes(cls: type, room: Room) -> Parameters:
    """Return the parameters that a recipe may name: not those that follow from the rest of it."""
    return {name: parameter for name, parameter in parameters_of(cls).items() if name not in room.filled_in}


def _settings(component: Component) -> dict[str, Any]:
    return {name: value for name, value in component.items() if name != "use"}


def _inner_components(value: object, place: str) -> dict[str, Component]:
    """Return the components inside a setting by their places: itself, or the entries of a list."""
    entries = {f"{place}.{number}": entry for number, entry in enumerate(value)} if isinstance(value, list) else {}
    return {at: entry for at, entry in (entries or {place: value}).items() if is_component(entry)}


def _each_component(value: Any, place: str, change: Callable[[Component, str], Any]) -> Any:
    """Replace the components inside a setting by what `change` makes of them; all else stays as it is."""
    if isinstance(value, list):
        return [_each_component(entry, f"{place}.{number}", change) for number, entry in enumerate(value)]
    return change(value, place) if is_component(value) else value


def _unknown(cls: type, parameters: Parameters, name: str, place: str) -> list[str]:
    if takes_any_name(cls):
        return []
    takes = f"It takes {', '.join(parameters)}." if parameters else "It takes none."
    return [f"{place}.{name}: {cls.__name__} has no such setting. {takes}{suggestion(name, parameters)}"]


def _unfit(cls: type, parameters: Parameters, name: str, value: object, place: str) -> list[str]:
    parameter = parameters[name]
    if fits(value, parameter):
        return []
    if value is None and is_required(parameter):
        return [_needed(cls, parameters, name, place, "found null")]
    wanted = describe(annotation_of(parameter))
    return [f"{place}.{name}: found {found(value)}, but {cls.__name__} takes {wanted} here."]


def _needed(cls: type, parameters: Parameters, name: str, place: str, fault: str) -> str:
    return (
        f"{place}.{name}: {fault}, but {cls.__name__} needs {describe(annotation_of(parameters[name]))} here. Write it "
        f"in the recipe, or on the command line as {place}.{name}={name.upper()}."
    )
