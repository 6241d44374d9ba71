"""Words for messages: what was found, what would be right."""

import enum
import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence

_WORDS: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    type(None): "null",
    typing.Any: "a value",
}
_LONGEST = 60  # characters of a value that a message quotes


def found(value: object) -> str:
    """Return a value as a person would write it in a recipe, cut to a line."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def describe(annotation: object) -> str:
    """Return what an annotation allows in words: `list[str] | None` is 'a list of text or null'."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(argument) for argument in arguments)
    if origin is typing.Literal:
        return one_of(arguments)
    if origin is typing.Annotated:
        return describe(arguments[0])
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return one_of(member.value for member in annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list of {describe(arguments[0])}"
    return getattr(annotation, "__name__", str(annotation))


def one_of(values: Iterable[object]) -> str:
    """Return a choice in words: `mean, cls or max`."""
    *first, last = [str(value) for value in values]
    return f"{', '.join(first)} or {last}" if first else last
