"""Components: checked against the constructor's signature, spelled out with its defaults, and built."""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, TypeGuard

import torch
from torch.optim import Optimizer

from textcl.errors import RecipeError, TextclError, describe, found, located, suggestion
from textcl.recipe.consent import is_registered, outside_class
from textcl.recipe.signatures import (
    Parameters,
    annotation_of,
    converted,
    fits,
    is_required,
    parameters_of,
    plain_default,
    renamed_line,
    takes_any_name,
    takes_components,
)
from textcl.types.batches import InputAugmentation
from textcl.types.objective import Objective
from textcl.types.text import Augmentation, Source


@dataclass(frozen=True, slots=True)
class Room:
    """A kind of component: the package that lists ours, and what tells the kind."""

    package: str
    noun: str
    base: type  # of a user's classes
    accepts: Callable[[type], bool]
    filled_in: frozenset[str] = frozenset()  # arguments that follow from the rest of the recipe
    beside: str = ""  # a package of others whose classes count too, named as PACKAGE:NAME; then no user's own do

    def names(self) -> list[str]:
        """Return the components that the package lists in its `__all__`."""
        package = importlib.import_module(self.package)
        return sorted(name for name in package.__all__ if self._is_ours(getattr(package, name)))

    def listed(self, use: str) -> type | None:
        """Return the component that a name of ours stands for, `SpanCrop` or `textcl.augment:SpanCrop`."""
        module, _, name = use.rpartition(":")
        package = importlib.import_module(self.beside if module and module == self.beside else self.package)
        found = getattr(package, name) if name in package.__all__ else None  # no other module of it is loaded
        if not self._is_ours(found):
            return None
        return found if module in ("", package.__name__, found.__module__) else None

    def takes(self, outside: type, use: str) -> bool:
        """Say whether a class outside textcl is meant as a component of this kind: by its base, or registered."""
        is_meant = self.base in outside.__mro__ or is_registered(use)
        return is_meant and self.accepts(outside) and not inspect.isabstract(outside)

    def _is_ours(self, listed: object) -> TypeGuard[type]:
        return inspect.isclass(listed) and self.accepts(listed)


_PROTOCOLS = (Source, Augmentation, InputAugmentation)
_BASES = (*_PROTOCOLS, Objective)


def _has(*names: str) -> Callable[[type], bool]:
    """Return a check that a class itself has methods, not only by a protocol that it names as its base."""

    def check(listed: type) -> bool:
        own = [base for base in listed.__mro__ if base not in _PROTOCOLS]
        return all(any(name in vars(base) for base in own) for name in names)

    return check


def _is_objective(listed: type) -> bool:
    return issubclass(listed, Objective) and not inspect.isabstract(listed)


_OF_THE_RUN = frozenset({"make_file"})
SOURCE = Room("textcl.data", "source", Source, _has("__len__", "__getitem__", "location"), _OF_THE_RUN)
AUGMENTATION = Room("textcl.augment", "augmentation", Augmentation, _has("__call__"))
INPUT_AUGMENTATION = Room("textcl.augment", "input augmentation", InputAugmentation, _has("change"))
_OF_THE_ENCODER = frozenset({"dimension", "teacher_dimension", "make_decoder"})
OBJECTIVE = Room("textcl.objectives", "objective", Objective, _is_objective, _OF_THE_ENCODER)


def _is_optimiser(listed: type) -> bool:
    """Say whether a class moves any weights by their gradients, each step by one."""
    unfit = ("Optimizer", "LBFGS", "SparseAdam")
    return hasattr(listed, "step") and listed.__name__ not in unfit and listed is not getattr(torch.optim, "Muon", None)


_NOT_OF_RECIPES = (
    "params lr weight_decay hidden fused foreach maximize capturable differentiable decoupled_weight_decay"
)
OPTIMISER = Room(
    "textcl.training.optimisers",
    "optimiser",
    Optimizer,
    _is_optimiser,
    frozenset(_NOT_OF_RECIPES.split()),
    "torch.optim",
)

# Where components stand in a recipe; a star is any position of a list.
LOCATIONS = {
    "data.sources.*": SOURCE,
    "data.held_out": SOURCE,
    "data.sources.*.source": SOURCE,
    "data.sources.*.views.*.augment.*": AUGMENTATION,
    "data.sources.*.views.*.input.*": INPUT_AUGMENTATION,
    "data.sources.*.objective": OBJECTIVE,
    "data.views.*.augment.*": AUGMENTATION,
    "data.views.*.input.*": INPUT_AUGMENTATION,
    "objective": OBJECTIVE,
    "training.optimiser": OPTIMISER,
    "evaluation.after.*.source": SOURCE,
    "evaluation.during.tasks.*.source": SOURCE,
}


def components_in(recipe: object) -> Iterator[tuple[str, Room, dict[str, object]]]:
    """Yield the location, the room and the mapping of every component of an unchecked recipe."""
    for pattern, room in LOCATIONS.items():
        for location, value in _matches(recipe, pattern.split(".")):
            if is_component(value):
                yield location, room, value


def is_component(value: object) -> TypeGuard[dict[str, object]]:
    """Say whether a value from a recipe is a mapping with `use:`."""
    return isinstance(value, dict) and isinstance(value.get("use"), str)


def _matches(value: object, pattern: list[str], location: str = "") -> Iterator[tuple[str, object]]:
    if not pattern:
        yield location, value
        return
    first, *rest = pattern
    inner: list[tuple[str, object]] = []
    if first == "*" and isinstance(value, list):
        inner = [(str(position), entry) for position, entry in enumerate(value)]
    elif isinstance(value, dict) and first in value and not is_component(value):  # which checks its own
        inner = [(first, value[first])]
    for name, entry in inner:
        yield from _matches(entry, rest, f"{location}.{name}" if location else name)


def find_class(use: str, room: Room, location: str, allow_code: Sequence[str] = ()) -> type:
    """Return the class that a component names.

    Args:
        use: A name from the room's `__all__`, or `my_package.module:Class`.
        room: The kind that is wanted.
        location: Where the component stands in the recipe.
        allow_code: What may be imported outside textcl, see `consent`.

    Raises:
        RecipeError: There is no such class, it is of another kind, or nobody has allowed it.
    """
    ours = room.listed(use)
    if ours is not None:
        return ours
    if ":" not in use or room.beside:
        known = room.names()
        other = f"{room.beside}:NAME is one of torch" if room.beside else "your own is written my_package.module:Class"
        raise RecipeError(
            f"{location}.use: there is no {room.noun} '{use}'. textcl has {', '.join(known)}; {other}."
            f"{suggestion(use.rpartition(':')[2], known)}"
        )
    if use.startswith(("textcl.", "textcl:")):  # what is ours and no component is never imported by a recipe
        raise RecipeError(f"{location}.use: {use} is no {room.noun}. textcl has {', '.join(room.names())}.")
    outside = outside_class(use, location, allow_code)
    if not room.takes(outside, use):
        raise RecipeError(
            f"{location}.use: {use} is no {room.noun}: that is a class with textcl.types.{room.base.__name__} "
            f"as its base."
        )
    return outside


Component = Mapping[str, Any]  # as the recipe writes it: `use`, and settings whose values are whatever was typed


def component_errors(component: Component, room: Room, location: str, allow_code: Sequence[str] = ()) -> list[str]:
    """Return a line for each setting that the component's constructor would not take, its inner components' included.

    Args:
        component: `use`, and the settings beside it.
        room: The kind that the location wants.
        location: Where it stands in the recipe: `data.sources.0`.
        allow_code: What may be imported outside textcl.
    """
    try:
        cls = find_class(component["use"], room, location, allow_code)
    except RecipeError as error:
        return [str(error)]
    parameters = _named_by_recipes(cls, room)
    lines = []
    for name, value in _settings(component).items():
        inner = _inner_components(value, f"{location}.{name}")
        renamed = renamed_line(component["use"], name, value, location)
        if renamed:
            lines.append(renamed)
        elif name not in parameters:
            lines += _unknown(cls, parameters, name, location)
        elif takes_components(parameters[name], _BASES) and _lacks_components(value, parameters[name]):
            lines += _no_components(cls, value, f"{location}.{name}")
        elif inner and (annotation_of(parameters[name]) is Any or takes_components(parameters[name], _BASES)):
            lines += [line for at, entry in inner.items() for line in component_errors(entry, room, at, allow_code)]
        else:
            lines += _unfit(cls, parameters, name, value, location)
    absent = [name for name, parameter in parameters.items() if is_required(parameter) and name not in component]
    return lines + [_needed(cls, parameters, name, location, "missing") for name in absent]


def spelled_out(component: Component, room: Room, location: str, allow_code: Sequence[str] = ()) -> dict[str, Any]:
    """Return a checked component with every default of its constructor written out, in the constructor's order."""
    given = {
        name: _each_component(value, f"{location}.{name}", lambda entry, at: spelled_out(entry, room, at, allow_code))
        for name, value in _settings(component).items()
    }
    spelled = {}
    for name, parameter in _named_by_recipes(find_class(component["use"], room, location, allow_code), room).items():
        try:
            spelled[name] = given[name] if name in given else plain_default(parameter)
        except TypeError:  # a default that YAML has no words for stays unsaid
            continue
    return {"use": component["use"], **spelled, **given}


def build(
    component: Component,
    room: Room,
    location: str,
    known: Mapping[str, object] | None = None,
    allow_code: Sequence[str] = (),
) -> Any:
    """Construct a checked component, inner ones first.

    The result is `Any` because the room decides its type; callers name it.

    Args:
        component: `use`, and the settings beside it.
        room: The kind that the location wants.
        location: Where it stands in the recipe.
        known: What the room fills in, by the names of its `filled_in`.
        allow_code: What may be imported outside textcl.

    Raises:
        RecipeError: The constructor refuses a value; names the location.
        TextclError: What the constructor found out about files and packages, with the location before it.
    """
    cls = find_class(component["use"], room, location, allow_code)
    parameters = parameters_of(cls)
    arguments = {name: value for name, value in (known or {}).items() if name in parameters}
    for name, value in _settings(component).items():
        if _inner_components(value, name) or name not in parameters:
            made = _each_component(
                value, f"{location}.{name}", lambda entry, at: build(entry, room, at, known, allow_code)
            )
            arguments[name] = made
        else:
            arguments[name] = converted(value, parameters[name])
    try:
        return cls(**arguments)
    except TextclError as error:
        raise located(error, location) from None
    except (ValueError, OSError, OverflowError, MemoryError, RuntimeError) as error:  # a path or a size that cannot be
        said = str(error) or f"{component['use']} raised {type(error).__name__}"
        raise RecipeError(f"{location}: {said}") from error


def _named_by_recipes(cls: type, room: Room) -> Parameters:
    """Return the parameters that a recipe may name: not those that follow from the rest of it."""
    return {name: parameter for name, parameter in parameters_of(cls).items() if name not in room.filled_in}


def _settings(component: Component) -> dict[str, Any]:
    return {name: value for name, value in component.items() if name != "use"}


def _inner_components(value: object, location: str) -> dict[str, Component]:
    """Return the components inside a setting by their locations: itself, or the entries of a list."""
    entries = {f"{location}.{number}": entry for number, entry in enumerate(value)} if isinstance(value, list) else {}
    return {at: entry for at, entry in (entries or {location: value}).items() if is_component(entry)}


def _lacks_components(value: object, parameter: Parameter) -> bool:
    """Say whether a value, or an entry of a list, is no component where each must be one."""
    if value is None or isinstance(value, list):
        return any(not is_component(entry) for entry in value or ()) or (value is None and is_required(parameter))
    return not is_component(value)


def _no_components(cls: type, value: object, location: str) -> list[str]:
    entries = {f"{location}.{number}": entry for number, entry in enumerate(value)} if isinstance(value, list) else {}
    return [
        f"{at}: found {found(entry)}, but {cls.__name__} takes a component here, as in {{use: Name}}."
        for at, entry in (entries or {location: value}).items()
        if not is_component(entry)
    ]


def _each_component(value: Any, location: str, change: Callable[[Component, str], Any]) -> Any:
    """Replace the components inside a setting by what `change` makes of them; all else stays as it is."""
    if isinstance(value, list):
        return [_each_component(entry, f"{location}.{number}", change) for number, entry in enumerate(value)]
    return change(value, location) if is_component(value) else value


def _unknown(cls: type, parameters: Parameters, name: str, location: str) -> list[str]:
    if takes_any_name(cls):
        return []
    takes = f"It takes {', '.join(parameters)}." if parameters else "It takes none."
    own = _SETTINGS_OF_RECIPE.get(f"{location}.{name}")
    way_out = suggestion(name, parameters) if own is None else f" Set {own} instead."
    return [f"{location}.{name}: {cls.__name__} has no such setting. {takes}{way_out}"]


_SETTINGS_OF_RECIPE = {  # what a constructor calls otherwise than a recipe does
    "training.optimiser.lr": "training.learning_rate",
    "training.optimiser.weight_decay": "training.weight_decay",
}


def _unfit(cls: type, parameters: Parameters, name: str, value: object, location: str) -> list[str]:
    parameter = parameters[name]
    if fits(value, parameter):
        return []
    if value is None and is_required(parameter):
        return [_needed(cls, parameters, name, location, "found null")]
    wanted = describe(annotation_of(parameter))
    return [f"{location}.{name}: found {found(value)}, but {cls.__name__} takes {wanted} here."]


def _needed(cls: type, parameters: Parameters, name: str, location: str, error: str) -> str:
    return (
        f"{location}.{name}: {error}, but {cls.__name__} needs {describe(annotation_of(parameters[name]))} "
        f"here. Write it in the recipe, or on the command line as {location}.{name}={name.upper()}."
    )
