"""Components: checked against the constructor's signature, spelled out with its defaults, and built."""

import importlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, TypeGuard

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError

from textcl.errors import RecipeError, TextclError, suggestion
from textcl.recipe.messages import describe, found
from textcl.recipe.renamed import renamed_line
from textcl.types.protocols import Objective


@dataclass(frozen=True, slots=True)
class Room:
    """A kind of component: the package that lists ours, and what tells the kind."""

    package: str
    noun: str
    traits: str  # what a class of the kind has, for messages
    accepts: Callable[[type], bool]
    filled_in: frozenset[str] = frozenset()  # arguments that follow from the rest of the recipe

    def names(self) -> list[str]:
        """Return the components that the package lists in its `__all__`."""
        package = importlib.import_module(self.package)
        classes = {name: getattr(package, name) for name in package.__all__}
        return sorted(name for name, listed in classes.items() if inspect.isclass(listed) and self.accepts(listed))


def _has(*names: str) -> Callable[[type], bool]:
    return lambda listed: all(any(name in vars(base) for base in listed.__mro__) for name in names)


def _is_objective(listed: type) -> bool:
    return issubclass(listed, Objective) and not inspect.isabstract(listed)


SOURCE = Room(
    "textcl.data", "source", "__len__, __getitem__, fingerprint and place",
    _has("__len__", "__getitem__", "place"),
)  # fmt: skip
AUGMENTATION = Room("textcl.augment", "augmentation", "__call__(text, rng)", _has("__call__"))
INPUT_AUGMENTATION = Room("textcl.augment", "input augmentation", "change(sequence, rng)", _has("change"))
OBJECTIVE = Room(
    "textcl.objectives", "objective", "textcl.types.Objective as its base", _is_objective,
    filled_in=frozenset({"dimension", "teacher_dimension"}),
)  # fmt: skip

# Where components stand in a recipe; a star is any position of a list.
PLACES = {
    "data.sources.*": SOURCE,
    "data.sources.*.source": SOURCE,
    "data.sources.*.views.*.augment.*": AUGMENTATION,
    "data.sources.*.views.*.input.*": INPUT_AUGMENTATION,
    "data.sources.*.objective": OBJECTIVE,
    "data.views.*.augment.*": AUGMENTATION,
    "data.views.*.input.*": INPUT_AUGMENTATION,
    "objective": OBJECTIVE,
    "evaluation.after.*.source": SOURCE,
}


def components_in(recipe: object) -> Iterator[tuple[str, Room, dict[str, object]]]:
    """Yield the place, the room and the mapping of every component of an unchecked recipe, whatever else is in it."""
    for pattern, room in PLACES.items():
        for place, value in _matches(recipe, pattern.split(".")):
            if is_component(value):
                yield place, room, value


def is_component(value: object) -> TypeGuard[dict[str, object]]:
    """Say whether a value from a recipe is a mapping with `use:`."""
    return isinstance(value, dict) and isinstance(value.get("use"), str)


def _matches(value: object, pattern: list[str], place: str = "") -> Iterator[tuple[str, object]]:
    if not pattern:
        yield place, value
        return
    first, *rest = pattern
    inner: list[tuple[str, object]] = []
    if first == "*" and isinstance(value, list):
        inner = [(str(position), entry) for position, entry in enumerate(value)]
    elif isinstance(value, dict) and first in value and not is_component(value):  # which checks its own
        inner = [(first, value[first])]
    for name, entry in inner:
        yield from _matches(entry, rest, f"{place}.{name}" if place else name)


def find_class(use: str, room: Room, place: str) -> type:
    """Return the class that a component names.

    Args:
        use: A name from the room's `__all__`, or `my_package.module:Class`.
        room: The kind that is wanted.
        place: Where the component stands in the recipe.

    Raises:
        RecipeError: There is no such class, or it is of another kind.
    """
    module, colon, name = use.partition(":")
    if not colon:
        listed = _attribute(room.package, use) if use in importlib.import_module(room.package).__all__ else None
        if listed is not None and room.accepts(listed):
            return listed
        known = room.names()
        raise RecipeError(
            f"{place}.use: there is no {room.noun} '{use}'. textcl has {', '.join(known)}; your own is written "
            f"my_package.module:Class.{suggestion(use, known)}"
        )
    try:
        found = _attribute(module, name)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"{place}.use: found '{use}', but there is no module '{error.name}'. Install it, or name the folder that "
            "holds it in PYTHONPATH."
        ) from None
    except AttributeError:
        close = suggestion(name, vars(importlib.import_module(module)))
        raise RecipeError(f"{place}.use: module {module} has no class '{name}'.{close}") from None
    if not inspect.isclass(found) or not room.accepts(found):
        raise RecipeError(f"{place}.use: {use} is no {room.noun}: that is a class with {room.traits}.")
    return found


def _attribute(module: str, name: str) -> type:
    found: type = getattr(importlib.import_module(module), name)
    return found


Parameters = Mapping[str, Parameter]


def parameters_of(cls: type) -> Parameters:
    """Return the parameters of a constructor that can be named, annotations evaluated where that is possible."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return {name: p for name, p in _signature(cls).parameters.items() if p.kind in kinds}


def takes_any_name(cls: type) -> bool:
    """Say whether a constructor ends in `**settings`."""
    return any(p.kind is Parameter.VAR_KEYWORD for p in _signature(cls).parameters.values())


def is_required(parameter: Parameter) -> bool:
    """Say whether a parameter has no default."""
    return parameter.default is Parameter.empty


def annotation_of(parameter: Parameter) -> Any:
    """Return an annotation; `Any` where there is none, or one that names what cannot be imported."""
    annotation = parameter.annotation
    return Any if annotation is Parameter.empty or isinstance(annotation, str) else annotation


def fits(value: object, parameter: Parameter) -> bool:
    """Say whether a value from a recipe is what an annotation asks for; anything fits where that cannot be told."""
    try:
        converted(value, parameter)
    except ValidationError:
        return False
    return True


def converted(value: object, parameter: Parameter) -> Any:
    """Return a value from a recipe as its annotation wants it: a list as a tuple, a text as a Path.

    The result is `Any` because the annotation decides its type.

    Raises:
        ValidationError: It does not fit.
    """
    try:
        adapter = TypeAdapter(annotation_of(parameter))
    except (PydanticSchemaGenerationError, PydanticUserError):  # an annotation that pydantic does not know
        return value
    # as JSON, where a list may be a tuple and a text a Path, but "5" is no number
    return adapter.validate_json(json.dumps(value), strict=True)


def plain_default(parameter: Parameter) -> Any:
    """Return a default as YAML knows it: a tuple as a list, a member of an enumeration as its value.

    Raises:
        TypeError: There is no default, or YAML has no words for it.
    """
    return json.loads(json.dumps(parameter.default))


def _signature(cls: type) -> inspect.Signature:
    try:
        return inspect.signature(cls, eval_str=True)
    except NameError:
        return inspect.signature(cls)


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
        renamed = renamed_line(component["use"], name, value, place)
        if renamed:
            lines.append(renamed)
        elif name not in parameters:
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
