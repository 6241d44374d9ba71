"""The components that a recipe names, inner ones too."""

from collections.abc import Iterator
from typing import Any


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
