"""A component of a recipe in words, as a reader wants it: what it is, what it is made of, and its plain settings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from textcl.report.wording import number

_PATHS = ("path", "folder", "model")  # settings that name a file or folder
_WAY = re.compile(r"(\.{0,2}|~\w*|[A-Za-z]:)[\\/]")  # how a text begins that leads through folders
_PLACE = re.compile(r"[\\/]")


def component_words(component: Mapping[str, Any]) -> str:
    """Write a component as its name, its inner components, and those settings that are numbers, words or lists of them.

    A file or folder is named without the way to it. Of a class that textcl does not know only numbers are told.

    Args:
        component: `use`, and the settings beside it; without `use` there are no words.
    """
    if "use" not in component:
        return ""
    name = str(component["use"])
    is_own = ":" not in name
    settings = {key: value for key, value in component.items() if key != "use"}
    parts = [part for value in settings.values() for part in _inner(value)]
    words = [f"{key} {_plain(key, value)}" for key, value in settings.items() if _is_told(value, is_own)]
    name += f" of {', '.join(map(component_words, parts))}" if parts else ""
    return f"{name} ({', '.join(words)})" if words else name


def last_part(path: str) -> str:
    """Return the name of a file or folder, whichever system wrote the way to it."""
    return _PLACE.split(path.rstrip("\\/"))[-1] or path


def _inner(value: object) -> Iterator[Mapping[str, Any]]:
    for entry in value if isinstance(value, list | tuple) else [value]:
        if isinstance(entry, Mapping) and "use" in entry:
            yield entry


def _is_told(value: object, is_own: bool) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_told(entry, is_own) for entry in value)
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and is_own)


def _plain(key: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_plain(key, entry) for entry in value)}]"
    if isinstance(value, str):
        return last_part(value) if key in _PATHS or _WAY.match(value) else value
    return number(value) if isinstance(value, float) else str(value)
