"""`dotted.key=value`: changes to a recipe from the command line."""

from collections.abc import Sequence
from typing import Any

from textcl.errors import RecipeError
from textcl.recipe.messages import found
from textcl.recipe.yaml import read_yaml

# Two ways to say how long a run is: an override of one takes the place of the other in the file.
_ALTERNATIVES = {"training.steps": "training.epochs", "training.epochs": "training.steps"}


def override(recipe: dict[str, Any], changes: Sequence[str]) -> None:
    """Change a recipe, in place, before it is checked.

    Args:
        recipe: The recipe as read, whatever is in it.
        changes: Each `dotted.key=value`; the value is YAML, a position in a list is a number from 0.

    Raises:
        RecipeError: A change has no `=`, or leads to a place that cannot be.
    """
    values = dict(map(_parsed, changes))
    for key, value in values.items():
        other = _ALTERNATIVES.get(key)
        section = recipe.get("training")
        if other and value is not None and other not in values and isinstance(section, dict):
            section.pop(other.rpartition(".")[2], None)
        _put(recipe, key, value)


def _parsed(change: str) -> tuple[str, Any]:
    key, equals, value = change.partition("=")
    if not equals or not all(key.split(".")):
        raise RecipeError(f"'{change}' is no change to a recipe. It is written key=value: training.learning_rate=1e-5")
    return key, read_yaml(value, f"{key}=")


def _put(recipe: dict[str, Any], key: str, value: Any) -> None:
    """Set the value at a dotted key; mappings on the way are made where there is nothing yet."""
    *parents, last = key.split(".")
    inner: Any = recipe
    for depth, part in enumerate(parents):
        here = ".".join(parents[:depth])
        if isinstance(inner, dict) and inner.get(part) is None:
            inner[part] = {}
        inner = inner[_step(inner, part, here, key)]
    inner[_step(inner, last, ".".join(parents), key)] = value


def _step(inner: Any, part: str, here: str, key: str) -> Any:
    """Return what to index a mapping or a list with.

    Raises:
        RecipeError: It is neither, or has no such position.
    """
    if isinstance(inner, dict):
        return part
    if not isinstance(inner, list):
        raise RecipeError(f"{key}: {here} is {found(inner)}, and nothing can be set inside it.")
    if not part.isdecimal() or int(part) >= len(inner):
        positions = f"0 to {len(inner) - 1}" if inner else "none"
        raise RecipeError(f"{key}: {here} is a list, its positions are {positions}; found '{part}'.")
    return int(part)
