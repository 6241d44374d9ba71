"""`dotted.key=value`: changes to a recipe, from the command line or from Python."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from textcl.errors import RecipeError, found
from textcl.files.yaml import DEEPEST, read_yaml

Changes = Sequence[str] | Mapping[str, object]  # `dotted.key=value`, or dotted key -> value

# Two ways to say how long a run is: an override of one takes the place of the other in the file.
_ALTERNATIVES = {"training.steps": "training.epochs", "training.epochs": "training.steps"}


def override(recipe: dict[str, Any], changes: Changes) -> None:
    """Change a recipe, in place, before it is checked.

    Args:
        recipe: The recipe as read, whatever is in it.
        changes: Each `dotted.key=value`, the value YAML, or a mapping of dotted keys to values; a position in a list is
            a number from 0.

    Raises:
        RecipeError: A change has no `=`, or leads to a location that cannot be.
    """
    values = _values(changes)
    for key, value in values.items():
        other = _ALTERNATIVES.get(key)
        section = recipe.get("training")
        if other and value is not None and other not in values and isinstance(section, dict):
            section.pop(other.rpartition(".")[2], None)
        _put(recipe, key, value)


def _values(changes: Changes) -> dict[str, Any]:
    if isinstance(changes, Mapping):
        return {_checked(name, f"{name}=…"): plain(value, name) for name, value in named(changes)}
    if isinstance(changes, str):
        raise RecipeError(f"The changes are the text '{changes}'. They are a list of texts, ['{changes}'], or a dict.")
    if not isinstance(changes, Sequence) or not all(isinstance(change, str) for change in changes):
        raise RecipeError("The changes are neither a dict nor a list of texts, as in ['training.epochs=2'].")
    return dict(map(_parsed, changes))


def named(values: Mapping[Any, object]) -> list[tuple[str, object]]:
    """Return the entries of a mapping whose keys are texts.

    Raises:
        RecipeError: One is none.
    """
    if not all(isinstance(name, str) for name in values):
        raise RecipeError("A key of a recipe is a text, as in 'training.epochs'; found one that is none.")
    return list(values.items())


def plain(value: object, location: str) -> Any:
    """Return a value from Python as YAML would have read it: paths and the like as text, tuples as lists.

    Raises:
        RecipeError: No YAML can say it, or textcl would not read that.
    """
    try:
        made = json.loads(json.dumps(value, default=str))
    except (ValueError, TypeError, RecursionError) as error:  # it holds itself, keys that are no text, a huge number
        raise RecipeError(f"{location}: a recipe cannot hold what was found here ({error}).") from None
    if _depth(made) > DEEPEST:
        raise RecipeError(f"{location}: found more than {DEEPEST} levels inside one another.")
    return made


def _depth(value: object) -> int:
    """Return how many lists and mappings stand inside one another."""
    depth, level = -1, [value]
    while level:
        inner = [entry.values() if isinstance(entry, dict) else entry for entry in level]
        level = [
            found for entry in inner if isinstance(entry, Iterable) and not isinstance(entry, str) for found in entry
        ]
        depth += 1
    return depth


def _parsed(change: str) -> tuple[str, Any]:
    key, equals, value = change.partition("=")
    return _checked(key if equals else "", change), read_yaml(value, f"{key}=")


def _checked(key: str, change: str) -> str:
    if not all(key.split(".")):
        raise RecipeError(f"'{change}' is no change to a recipe. It is written key=value: training.learning_rate=1e-5")
    return key


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
