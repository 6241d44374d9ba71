"""The rooms that components come from, and where in a recipe each kind may stand."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from textcl.errors import RecipeError, suggestion
from textcl.types import Objective


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
        known = room.names()
        if use in known:
            return _attribute(room.package, use)
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
